import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseClaims } from '../../../../src/delivery/desk/choose-claims.js';

const lane = (name: string, inFlight: number, room: number, due: number) => ({
  ...{ inFlight, room },
  due: Array.from({ length: due }, (_, n) => `${name}${n}`),
});

describe('what begins (002-3)', () => {
  it('is one of each in turn, those with the fewest under way first', () => {
    expect(chooseClaims([lane('a', 3, 9, 9), lane('b', 0, 1, 5), lane('c', 1, 2, 2)], 5)).toEqual([
      ...['b0', 'c0', 'a0', 'c1', 'a1'],
    ]);
  });

  it('is never more than there is room for, of each and in all, and all of that', () => {
    const lanes = fc.array(fc.record({ inFlight: fc.nat(9), room: fc.nat(5), due: fc.nat(9) }), { maxLength: 8 });
    fc.assert(
      fc.property(lanes, fc.nat(20), (specs, room) => {
        const sights = specs.map((spec, n) => lane(`${n}-`, spec.inFlight, spec.room, spec.due));
        const chosen = chooseClaims(sights, room);
        expect(new Set(chosen).size).toBe(chosen.length);
        const most = specs.reduce((sum, spec) => sum + Math.min(spec.room, spec.due), 0);
        expect(chosen.length).toBe(Math.min(room, most));
        for (const [n, spec] of specs.entries()) {
          expect(chosen.filter((id) => id.startsWith(`${n}-`)).length).toBeLessThanOrEqual(spec.room);
        }
      }),
    );
  });
});
