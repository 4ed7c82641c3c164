import { Transaction, type Connection, type Keypair, type TransactionInstruction } from '@solana/web3.js';
import { systemClock } from '../lib/clock.js';
import { waitForSignature } from './wait-for-signature.js';

const CONFIRM_TIMEOUT_MS = 60_000;
/** A batch must be through well within a blockhash's 150 slots, which are 7.5 s on a test's Surfnet. */
const BATCH_SIZE = 32;
const BATCH_TIMEOUT_MS = 5_000;
const POLL_MS = 50;

/** Sends one transaction (first signer pays) and waits until it is confirmed. Throws with what the chain said. */
export async function sendOne(
  connection: Connection,
  instructions: TransactionInstruction[],
  signers: Keypair[],
): Promise<void> {
  const wire = await sign(connection, instructions, signers);
  const signature = await connection.sendRawTransaction(wire, { preflightCommitment: 'confirmed' });
  const outcome = await waitForSignature(connection, signature, CONFIRM_TIMEOUT_MS);
  if (outcome.kind !== 'confirmed') throw new Error(outcome.reason);
}

/**
 * Sends a transaction for each list of instructions, in no order, and waits until all are confirmed. One that stays
 * away is signed anew and can then land twice, so each must be safe to repeat. Throws when one fails, or when none of
 * them was confirmed for a minute: how long all take is the machine's affair.
 */
export async function sendRepeatable(
  connection: Connection,
  each: TransactionInstruction[][],
  signers: Keypair[],
): Promise<void> {
  const missing = [...each];
  let deadline = systemClock.monotonic() + CONFIRM_TIMEOUT_MS;
  while (missing.length > 0) {
    if (systemClock.monotonic() > deadline) throw new Error(`${missing.length} transactions are still not confirmed`);
    const batch = missing.splice(0, BATCH_SIZE);
    const again = await sendBatch(connection, batch, signers);
    if (again.length < batch.length) deadline = systemClock.monotonic() + CONFIRM_TIMEOUT_MS;
    missing.push(...again);
  }
}

/** Sends all of them at once and returns those not confirmed in time. */
async function sendBatch(
  connection: Connection,
  batch: TransactionInstruction[][],
  signers: Keypair[],
): Promise<TransactionInstruction[][]> {
  const { blockhash } = await connection.getLatestBlockhash('confirmed');
  const pending = new Map<string, TransactionInstruction[]>();
  const notSent: TransactionInstruction[][] = [];
  await Promise.all(
    batch.map(async (instructions) => {
      try {
        const wire = signWith(blockhash, instructions, signers);
        // No preflight: it costs a simulation each, and what it would find shows in the status.
        pending.set(await connection.sendRawTransaction(wire, { skipPreflight: true }), instructions);
      } catch {
        // A lost connection, or a node that cannot take more just now: the next batch brings it again.
        notSent.push(instructions);
      }
    }),
  );
  const deadline = systemClock.monotonic() + BATCH_TIMEOUT_MS;
  while (pending.size > 0 && systemClock.monotonic() < deadline) {
    const signatures = [...pending.keys()];
    const { value } = await connection.getSignatureStatuses(signatures);
    for (const [index, signature] of signatures.entries()) {
      const status = value[index];
      if (status?.err) throw new Error(`transaction ${signature} failed: ${JSON.stringify(status.err)}`);
      if (status && status.confirmationStatus !== 'processed') pending.delete(signature);
    }
    await systemClock.sleep(POLL_MS);
  }
  return [...notSent, ...pending.values()];
}

async function sign(
  connection: Connection,
  instructions: TransactionInstruction[],
  signers: Keypair[],
): Promise<Buffer> {
  const { blockhash } = await connection.getLatestBlockhash('confirmed');
  return signWith(blockhash, instructions, signers);
}

function signWith(blockhash: string, instructions: TransactionInstruction[], signers: Keypair[]): Buffer {
  const transaction = new Transaction({ recentBlockhash: blockhash, feePayer: signers[0]?.publicKey ?? null });
  transaction.add(...instructions);
  transaction.sign(...signers);
  return transaction.serialize();
}
