import { describe, expect, it } from 'vitest';
import { judgeFinality, type FinalityVerdict } from '../../../src/recovery/judge-finality.js';

const HELD = 100;
const commitments = ['processed', 'confirmed', 'finalized'] as const;

describe.each([90, 99, 100, 107, 108, 500])('with the finalized slot at %i', (finalizedSlot) => {
  const isPastMargin = finalizedSlot >= HELD + 8;

  it('calls nothing suspect early, and a null never more than suspect (I5)', () => {
    expect(judgeFinality(HELD, null, finalizedSlot)).toBe(isPastMargin ? 'suspect' : 'wait');
  });

  it.each(
    commitments.flatMap((commitment) =>
      [true, false].flatMap((failed) => [HELD, HELD - 1, HELD + 1, 600].map((slot) => ({ commitment, failed, slot }))),
    ),
  )('judges $commitment, failed $failed, slot $slot (TRAPS 14, 15)', ({ commitment, failed, slot }) => {
    const status = { slot, failed, commitment, confirmations: null };
    const expected: FinalityVerdict =
      commitment === 'finalized'
        ? slot === HELD && !failed
          ? 'final'
          : 'elsewhere'
        : !isPastMargin || slot > finalizedSlot
          ? 'wait'
          : 'suspect';
    expect(judgeFinality(HELD, status, finalizedSlot)).toBe(expected);
  });
});
