import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planBackfill, type BackfillQuestion } from '../../../src/recovery/backfill-plan.js';

const slot = fc.integer({ min: 0, max: 100 });
const question: fc.Arbitrary<BackfillQuestion> = fc.record({
  start: fc.oneof(
    fc.constant({ kind: 'genesis' } as const),
    fc.constant({ kind: 'oldest' } as const),
    slot.map((at) => ({ kind: 'slot', slot: at }) as const),
  ),
  untilSlot: fc.option(slot),
  frontier: fc.option(
    fc.tuple(slot, slot).map(([one, other]) => ({ since: Math.min(one, other), slot: Math.max(one, other) })),
  ),
  finalizedSlot: slot,
  firstAvailable: slot,
});

it('plans only finalized slots, as far as was asked, and leaves no hole below complete history (I4)', () => {
  fc.assert(
    fc.property(question, (asked) => {
      const plan = planBackfill(asked);
      if (plan.kind !== 'walk') return;
      const { fromSlot, toSlot } = plan.span;
      expect(fromSlot).toBeLessThanOrEqual(toSlot);
      expect(toSlot).toBeLessThanOrEqual(asked.finalizedSlot);
      if (asked.untilSlot !== null) expect(toSlot).toBe(asked.untilSlot);
      else if (asked.frontier && asked.frontier.since <= asked.finalizedSlot) expect(toSlot).toBe(asked.frontier.since);
      if (asked.start.kind === 'genesis') expect(fromSlot).toBe(0);
      if (asked.start.kind === 'oldest') expect(fromSlot).toBe(asked.firstAvailable);
      if (asked.start.kind === 'slot') expect(fromSlot).toBe(asked.start.slot);
    }),
  );
});

it('has nothing to do where history is complete from there on', () => {
  const frontier = { since: 10, slot: 90 };
  const asked = { untilSlot: null, frontier, finalizedSlot: 100, firstAvailable: 10 };
  expect(planBackfill({ ...asked, start: { kind: 'oldest' } })).toEqual({ kind: 'nothing-to-do', since: 10 });
  expect(planBackfill({ ...asked, start: { kind: 'slot', slot: 50 } })).toEqual({ kind: 'nothing-to-do', since: 10 });
  expect(planBackfill({ ...asked, start: { kind: 'genesis' } })).toMatchObject({ span: { fromSlot: 0, toSlot: 10 } });
});
