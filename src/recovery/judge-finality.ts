import type { SignatureStatus } from '../chain/chain-port.js';

/**
 * final: at this slot, without error, for good. elsewhere: the chain shows another version of it. suspect: the chain
 * should show it by now and does not; that alone proves nothing (I5). wait: too early to say.
 */
export type FinalityVerdict = 'final' | 'elsewhere' | 'suspect' | 'wait';

/**
 * A transaction is not suspected before finality is this many slots past it: a node's status index may trail its own
 * finalized slot by a moment.
 */
const SUSPICION_MARGIN_SLOTS = 8;

/** What one node's status of a transaction says about the version that the ledger holds. */
export function judgeFinality(
  heldSlot: number,
  status: SignatureStatus | null,
  finalizedSlot: number,
): FinalityVerdict {
  if (status?.commitment === 'finalized') {
    return status.slot === heldSlot && !status.failed ? 'final' : 'elsewhere';
  }
  if (finalizedSlot < heldSlot + SUSPICION_MARGIN_SLOTS) return 'wait';
  // Seen on a fork that is not final yet, in another slot: whatever we hold is not the version that will stay.
  if (status && status.slot > finalizedSlot) return 'wait';
  return 'suspect';
}
