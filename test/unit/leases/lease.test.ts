import fc from 'fast-check';
import { expect, it } from 'vitest';
import { leaseWork } from '../../../src/leases/lease-work.js';
import { mayTake, type HeldLease } from '../../../src/leases/lease.js';

const observed = { fence: 3, beat: 8, holder: 'another process', sinceMonotonicMs: 1_000 };

it('takes a lease only after its beat stood still for a whole term (I8, TRAPS 23)', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 60_000 }), (passedMs, termMs) => {
      expect(mayTake(observed, observed.sinceMonotonicMs + passedMs, termMs)).toBe(passedMs >= termMs);
    }),
  );
});

it('takes a lease that was given up at once', () => {
  expect(mayTake({ ...observed, holder: '' }, observed.sinceMonotonicMs, 60_000)).toBe(true);
});

it('runs what works under one lease one after the other, also after a failure', async () => {
  const work = leaseWork({ name: 'program:coupons', holder: 'me', fence: 1 } as HeldLease);
  const trace: string[] = [];
  const step = (name: string, fails = false) =>
    work.exclusive(async () => {
      trace.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      trace.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
  const results = await Promise.allSettled([step('a'), step('b', true), step('c')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(trace).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});
