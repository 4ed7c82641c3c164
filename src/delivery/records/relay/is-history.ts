/** A slot takes this long by Solana's schedule, in milliseconds; in practice up to a half more. */
const SLOT_MS = 400;

/**
 * Whether what happened in `slot` is too old to be told: what a first sync of years brings is nobody's news. By slots, not by
 * block times: those are known only once a block is final, and some local chains give none that is true.
 */
export function isHistory(slot: number, headSlot: number, maxAgeMs: number): boolean {
  return (headSlot - slot) * SLOT_MS > maxAgeMs;
}
