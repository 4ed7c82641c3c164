import { describe, expect, it } from 'vitest';
import type { BlockHeaderLookup } from '../../../src/chain/chain-port.js';
import { compareBlocks, judgeWithBlock, type BlockComparison } from '../../../src/recovery/compare-blocks.js';
import type { FinalityVerdict } from '../../../src/recovery/judge-finality.js';

const block = (blockhash: string): BlockHeaderLookup => ({
  ...{ kind: 'block', slot: 7, parentSlot: 6, blockhash },
  ...{ previousBlockhash: 'before', blockTime: 1 },
});
const missing: BlockHeaderLookup = { kind: 'not-here', code: -32_007 };

describe('compareBlocks', () => {
  it.each<readonly [BlockComparison, string | null, BlockHeaderLookup | null]>([
    ['same', 'A', block('A')],
    ['other', 'A', block('B')],
    ['gone', 'A', missing],
    ['unknown', null, block('A')],
    ['unknown', null, missing],
    ['unknown', 'A', null],
    ['unknown', null, null],
  ])('%s: heard in %j, finalized %j (000-5)', (comparison, heard, finalized) => {
    expect(compareBlocks(heard, finalized)).toBe(comparison);
  });
});

it('a block ends the waiting or asks for the transaction, and makes nothing final and nothing dropped (I5)', () => {
  const verdicts: FinalityVerdict[] = ['final', 'elsewhere', 'suspect', 'wait'];
  const comparisons: BlockComparison[] = ['same', 'other', 'gone', 'unknown'];
  const changed = comparisons.flatMap((comparison) =>
    verdicts.flatMap((verdict) => {
      const judged = judgeWithBlock(verdict, comparison);
      return judged === verdict ? [] : [[comparison, verdict, judged]];
    }),
  );
  expect(changed).toEqual([
    ['other', 'final', 'compare'],
    ['other', 'wait', 'suspect'],
    ['gone', 'final', 'compare'],
    ['gone', 'wait', 'suspect'],
    ['unknown', 'final', 'compare'],
  ]);
});
