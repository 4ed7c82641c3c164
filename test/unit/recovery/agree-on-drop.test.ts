import { describe, expect, it } from 'vitest';
import type { SignatureStatus } from '../../../src/chain/chain-port.js';
import { agreeOnDrop, type DropTestimony } from '../../../src/recovery/agree-on-drop.js';
import type { DropProof } from '../../../src/recovery/prove-dropped.js';

const SLOT = 100;
const status = (slot: number, commitment: SignatureStatus['commitment'], failed = false): SignatureStatus => ({
  ...{ slot, commitment, failed },
  confirmations: null,
});
const lacks: DropProof = { kind: 'dropped', how: 'block-lacks-it' };
const skipped: DropProof = { kind: 'dropped', how: 'slot-skipped' };
const present: DropProof = { kind: 'present' };
const unsure: DropProof = { kind: 'unknown', reason: 'no history' };

/** What one endpoint can say, and what that alone amounts to. */
const OPINIONS: readonly (readonly ['dropped' | 'elsewhere' | 'present' | 'unknown', DropTestimony])[] = (
  [
    ['dropped', lacks, null],
    ['dropped', skipped, null],
    ['present', present, null],
    ['present', present, 'unknown'],
    ['present', present, status(SLOT, 'confirmed')],
    ['present', lacks, status(SLOT, 'finalized')],
    ['present', unsure, status(SLOT, 'finalized')],
    ['elsewhere', lacks, status(SLOT + 1, 'finalized')],
    ['elsewhere', unsure, status(SLOT - 1, 'finalized')],
    ['elsewhere', present, status(SLOT, 'finalized', true)],
    ['unknown', unsure, null],
    ['unknown', unsure, 'unknown'],
    ['unknown', lacks, 'unknown'],
    ['unknown', lacks, status(SLOT, 'confirmed')],
    ['unknown', skipped, status(SLOT + 9, 'confirmed')],
    ['unknown', skipped, status(SLOT + 9, 'processed')],
  ] as const
).map(([kind, proof, said]) => [kind, { endpoint: 'one', proof, status: said }]);

describe('a single endpoint', () => {
  it.each(OPINIONS)('counts as %s: %j (I5)', (kind, testimony) => {
    expect(agreeOnDrop(SLOT, [testimony]).kind).toBe(kind);
  });

  it('is not heard where none is there', () => {
    expect(agreeOnDrop(SLOT, [])).toEqual({ kind: 'unknown', reason: 'no endpoint was asked' });
  });
});

describe.each([2, 3])('%i endpoints', (count) => {
  const combinations = (left: number): (typeof OPINIONS)[number][][] =>
    left === 0 ? [[]] : combinations(left - 1).flatMap((rest) => OPINIONS.map((one) => [...rest, one]));

  it('orphan only what two of them prove and none contradicts, in whatever order (I5, TRAPS 14)', () => {
    const seen = new Set<string>();
    for (const combination of combinations(count)) {
      const kinds = combination.map(([kind]) => kind);
      const agreement = agreeOnDrop(
        SLOT,
        combination.map(([, testimony], position) => ({ ...testimony, endpoint: `${position}` })),
      );
      const of = (kind: string) => kinds.filter((one) => one === kind).length;
      const expected =
        of('present') > 0
          ? 'present'
          : of('elsewhere') + of('dropped') < 2
            ? 'unknown'
            : of('elsewhere') > 0
              ? 'elsewhere'
              : 'dropped';
      expect(agreement.kind, kinds.join()).toBe(expected);
      if (agreement.kind === 'present') {
        expect(agreement.contradictedBy).toHaveLength(of('dropped') + of('elsewhere'));
      }
      seen.add(agreement.kind);
    }
    expect(seen).toEqual(new Set(['present', 'elsewhere', 'dropped', 'unknown']));
  });
});
