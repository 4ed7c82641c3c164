import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import type { Commitment } from '../lib/commitment.js';
import { isExpiryProven } from './expiry-proof.js';
import type { Attempt } from './managed-transaction.js';
import { describeRefusal, type ErrorCatalog, type ProgramRefusal } from './program-refusal.js';
import type { StatusAnswer } from './status-batch.js';

/** What the chain says about an attempt now. */
export type Finding =
  | { readonly kind: 'landed'; readonly slot: number; readonly commitment: Commitment }
  | {
      readonly kind: 'landed-refused';
      readonly slot: number;
      readonly commitment: Commitment;
      readonly refusal: ProgramRefusal;
    }
  | { readonly kind: 'expiry-proven' }
  /** `seen`: executed in a block that may still be dropped. */
  | { readonly kind: 'not-known'; readonly seen: boolean };

/**
 * Looks for an attempt on chain. `proveExpiry` also asks whether it can still land, which costs three more requests.
 * `statusOf` asks after it is called, never before. Throws RpcError: then nothing is known.
 */
export async function lookUpAttempt(
  chain: ChainPort,
  statusOf: (signature: string) => Promise<StatusAnswer>,
  attempt: Attempt,
  catalogs: readonly ErrorCatalog[],
  proveExpiry: boolean,
): Promise<Finding> {
  // The order is what makes it a proof: height, then slot, then the status as of a later slot.
  const finalizedBlockHeight = proveExpiry ? await chain.blockHeight('finalized') : 0;
  const finalizedSlot = proveExpiry ? await chain.slot('finalized') : 0;
  const { contextSlot, status } = await statusOf(attempt.signature);

  if (status === null) {
    if (finalizedBlockHeight <= attempt.lastValidBlockHeight) return { kind: 'not-known', seen: false };
    const transactionKnown = (await chain.transaction(attempt.signature, 'confirmed')) !== null;
    const proven = isExpiryProven({
      lastValidBlockHeight: attempt.lastValidBlockHeight,
      finalizedBlockHeight,
      finalizedSlot,
      statusSlot: contextSlot,
      statusKnown: false,
      transactionKnown,
    });
    return proven ? { kind: 'expiry-proven' } : { kind: 'not-known', seen: transactionKnown };
  }
  const { slot, commitment } = status;
  if (commitment === 'processed') return { kind: 'not-known', seen: true };
  if (!status.failed) return { kind: 'landed', slot, commitment };
  return { kind: 'landed-refused', slot, commitment, refusal: await readRefusal(chain, attempt.signature, catalogs) };
}

/** Why a transaction failed where it landed. That it failed is known already; only its words may be missing. */
async function readRefusal(
  chain: ChainPort,
  signature: string,
  catalogs: readonly ErrorCatalog[],
): Promise<ProgramRefusal> {
  let raw: unknown = null;
  try {
    raw = await chain.transaction(signature, 'confirmed');
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
  const meta = (raw as { meta?: { err?: unknown; logMessages?: unknown } | null } | null)?.meta;
  const logs = Array.isArray(meta?.logMessages) ? meta.logMessages.map(String) : [];
  return describeRefusal('landed', meta?.err ?? 'TransactionError', logs, catalogs);
}
