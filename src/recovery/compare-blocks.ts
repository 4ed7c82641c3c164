import type { BlockHeaderLookup } from '../chain/chain-port.js';
import type { FinalityVerdict } from './judge-finality.js';

/**
 * How the finalized block of a slot stands to the one that a transaction was heard in. same: nothing happened to it.
 * other: a fork put another block there. gone: no block is there on this node, so the slot may have been skipped.
 * unknown: one of the two is not known.
 */
export type BlockComparison = 'same' | 'other' | 'gone' | 'unknown';

/** Compares by hash. `heard`: null where the block was not asked for in time; `finalized`: null where nobody could be asked. */
export function compareBlocks(heard: string | null, finalized: BlockHeaderLookup | null): BlockComparison {
  if (heard === null || finalized === null) return 'unknown';
  if (finalized.kind === 'not-here') return 'gone';
  return finalized.blockhash === heard ? 'same' : 'other';
}

/** compare: the status says final, and what the transaction did there has to be looked at. */
export type BlockVerdict = FinalityVerdict | 'compare';

/**
 * The verdict of a status together with that of the blocks. A status knows slot and error, not what a transaction did: in
 * another block of the same slot it may have done something else. So what is not known to be of the finalized block is
 * compared with the transaction itself before it is called final. A missing block only ends the waiting: it proves
 * nothing (TRAPS 14).
 */
export function judgeWithBlock(verdict: FinalityVerdict, comparison: BlockComparison): BlockVerdict {
  if (comparison !== 'same' && verdict === 'final') return 'compare';
  if ((comparison === 'other' || comparison === 'gone') && verdict === 'wait') return 'suspect';
  return verdict;
}
