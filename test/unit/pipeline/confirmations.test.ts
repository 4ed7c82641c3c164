import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newestApplicableSlot } from '../../../src/pipeline/confirmations.js';

it('lets a slot in when that many have passed on top of the confirmed head, and not one earlier (001-3)', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 10_000 }), (head, confirmations) => {
      const newest = newestApplicableSlot(head, confirmations);
      expect(head - newest).toBe(confirmations);
    }),
  );
});

it('waits for nothing with none asked for, and for everything while the head is unknown (I5)', () => {
  expect(newestApplicableSlot(null, 0)).toBe(Infinity);
  expect(newestApplicableSlot(5, 0)).toBe(Infinity);
  expect(newestApplicableSlot(null, 1)).toBe(-1);
});
