import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstOrderKeyOfSlot, OBSERVATION_REVISION, orderKey, slotOfOrderKey } from '../../../src/ledger/order-key.js';

const U64_MAX = 2n ** 64n - 1n;
const position = fc.record({
  slot: fc.oneof(fc.nat(5), fc.nat(10 ** 12 - 1)),
  index: fc.oneof(fc.nat(3), fc.nat(999_999)),
  place: fc.oneof(fc.nat(3), fc.nat(10 ** 10 - 1)),
  revision: fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, U64_MAX), fc.constantFrom(U64_MAX, OBSERVATION_REVISION)),
});
type Position = Parameters<typeof orderKey>[0] & { readonly revision: bigint };
const keyOf = (one: Position): string => orderKey(one, one.revision);

it('orders like slot, revision, index, place (I6)', () => {
  fc.assert(
    fc.property(position, position, (one, other) => {
      const difference =
        one.slot - other.slot ||
        Number(one.revision - other.revision) ||
        one.index - other.index ||
        one.place - other.place;
      const [a, b] = [keyOf(one), keyOf(other)];
      expect(a < b ? -1 : a > b ? 1 : 0).toBe(Math.sign(difference));
    }),
    { numRuns: 1_000 },
  );
});

it('has one shape whatever it holds (TRAPS 24)', () => {
  fc.assert(
    fc.property(position, (one) => {
      expect(keyOf(one)).toMatch(/^\d{12}\.\d{20}\.\d{6}\.\d{10}$/);
      expect(slotOfOrderKey(keyOf(one))).toBe(one.slot);
    }),
  );
});

it('puts an observation after every event of its slot, and before every event of the next', () => {
  const last = orderKey({ slot: 7, index: 999_999, place: 10 ** 10 - 1 }, U64_MAX);
  const observation = orderKey({ slot: 7, index: 0, place: 0 }, OBSERVATION_REVISION);
  expect(observation > last).toBe(true);
  expect(observation < orderKey({ slot: 8, index: 0, place: 0 }, 0n)).toBe(true);
});

it('separates a slot from the one before', () => {
  expect(orderKey({ slot: 6, index: 999_999, place: 1 }, OBSERVATION_REVISION) < firstOrderKeyOfSlot(7)).toBe(true);
  expect(orderKey({ slot: 7, index: 0, place: 0 }, 0n) > firstOrderKeyOfSlot(7)).toBe(true);
});
