import type { Connection } from '@solana/web3.js';
import { systemClock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';

export type SignatureOutcome =
  { kind: 'confirmed' } | { kind: 'failed'; reason: string } | { kind: 'late'; reason: string };

const POLL_MS = 25;

/** Polls (no socket) until a signature is confirmed, has failed on chain, or `timeoutMs` have passed. Never throws. */
export async function waitForSignature(
  connection: Connection,
  signature: string,
  timeoutMs: number,
): Promise<SignatureOutcome> {
  const deadline = systemClock.monotonic() + timeoutMs;
  let unanswered = '';
  while (systemClock.monotonic() < deadline) {
    try {
      const status = (await connection.getSignatureStatuses([signature])).value[0];
      if (status?.err) return { kind: 'failed', reason: JSON.stringify(status.err) };
      if (status && status.confirmationStatus !== 'processed') return { kind: 'confirmed' };
    } catch (error) {
      unanswered = `; last answer: ${messageOf(error)}`;
    }
    await systemClock.sleep(POLL_MS);
  }
  return { kind: 'late', reason: `${signature} is not confirmed after ${timeoutMs} ms${unanswered}` };
}
