import type { BlockHeaderLookup } from '../chain/chain-port.js';
import type { FinalityVerdict } from './judge-finality.js';

/**
 * How the finalized block of a slot stands to what was kept of the block while it was confirmed. same: nothing happened
 * to it. first-seen: nothing was kept. other: a fork put another block there. gone: no block is there on this node, so
 * the slot may have been skipped. unknown: there is nothing to compare.
 */
export type BlockComparison = 'same' | 'first-seen' | 'other' | 'gone' | 'unknown';

/** Compares by hash. `kept`: what the records of the slot carry; `finalized`: null where nobody could be asked. */
export function compareBlocks(kept: readonly (string | null)[], finalized: BlockHeaderLookup | null): BlockComparison {
  const hashes = kept.filter((hash) => hash !== null);
  if (finalized === null) return 'unknown';
  if (finalized.kind === 'not-here') return hashes.length > 0 ? 'gone' : 'unknown';
  if (hashes.some((hash) => hash !== finalized.blockhash)) return 'other';
  return hashes.length > 0 ? 'same' : 'first-seen';
}

/**
 * The verdict of a status together with that of the blocks. Another block in the slot means that the transaction may
 * have been executed otherwise, or not at all: it is asked about at once. A missing block only ends the waiting: it
 * proves nothing (TRAPS 14), and what the status calls final stays final.
 */
export function judgeWithBlock(verdict: FinalityVerdict, comparison: BlockComparison): FinalityVerdict {
  if (comparison === 'other' && verdict === 'final') return 'elsewhere';
  if ((comparison === 'other' || comparison === 'gone') && verdict === 'wait') return 'suspect';
  return verdict;
}
