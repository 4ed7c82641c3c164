import { describe, expect, it } from 'vitest';
import { Coupon } from '../../../src/domains/coupons/models.js';
import type { DifferenceKind } from '../../../src/reconcile/audit-report.js';
import type { Judged } from '../../../src/reconcile/judge-doubts.js';
import { PassTally } from '../../../src/reconcile/pass-tally.js';
import { DIFFERENCES_KEPT, NOTHING_COUNTED } from '../../../src/reconcile/reconcile-run.js';

function judged(kind: DifferenceKind | null, key = 'A'): Judged {
  const about = { program: 'coupons', collection: 'coupons', key, witnesses: [], ledger: 'agrees' as const };
  const fields = [{ field: 'serial', actual: 77, expected: undefined }];
  return { model: Coupon, key, reading: null, ledgerAgrees: true, difference: kind && { ...about, kind, fields } };
}

describe('what a pass finds', () => {
  it('is counted by its kind, and what is right is not', () => {
    const tally = new PassTally();
    for (const kind of ['missing', 'drift', 'drift', 'orphaned', 'unrecorded', null] as const)
      tally.found(judged(kind));
    expect(tally.counts).toEqual({ ...NOTHING_COUNTED, missing: 1, drifted: 2, orphaned: 1, unrecorded: 1 });
    expect(tally.differences).toHaveLength(5);
  });

  it('is kept with what was there and what should be; what is not there is null', () => {
    const tally = new PassTally();
    tally.found(judged('drift'));
    expect(tally.differences).toEqual([
      { collection: 'coupons', key: 'A', kind: 'drift', fields: [{ field: 'serial', before: 77, after: null }] },
    ]);
  });

  it('is named up to a bound, and counted beyond', () => {
    const tally = new PassTally();
    for (let at = 0; at < DIFFERENCES_KEPT + 3; at += 1) tally.found(judged('drift', `A${at}`));
    expect(tally.counts.drifted).toBe(DIFFERENCES_KEPT + 3);
    expect(tally.differences).toHaveLength(DIFFERENCES_KEPT);
    expect(tally.differences.at(-1)?.key).toBe(`A${DIFFERENCES_KEPT - 1}`);
    expect(tally.omitted).toBe(3);
  });
});

it('remembers the oldest slot that was read at', () => {
  const tally = new PassTally();
  expect(tally.slot).toBeNull();
  for (const slot of [9, 7, 8]) tally.readAt(slot);
  expect(tally.slot).toBe(7);
});

it('notes the same thing once', () => {
  const tally = new PassTally();
  for (const text of ['one', 'other', 'one']) tally.note(text);
  expect(tally.notes).toEqual(['one', 'other']);
});

it('hands out its counts as they are now', () => {
  const tally = new PassTally();
  const before = tally.counts;
  tally.add('left', 2);
  tally.add('left', 1);
  expect([before.left, tally.counts.left]).toEqual([0, 3]);
});
