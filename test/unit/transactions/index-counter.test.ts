import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { giveIndexBack, newCounter, takeIndex } from '../../../src/transactions/index-counter.js';

const NOTHING = { floor: 0n, next: 0n };

describe('004-2.2: the next number', () => {
  it('is the highest of chain, cache and database', () => {
    const counter = { ...newCounter('c'), next: 5n };
    expect(takeIndex(counter, { floor: 0n, next: 7n }, 6n).index).toBe(7n);
    expect(takeIndex(counter, { floor: 0n, next: 4n }, 6n).index).toBe(6n);
    expect(takeIndex(counter, NOTHING, 0n).index).toBe(5n);
  });

  it('is one that was given back first, unless the chain is past it', () => {
    const counter = giveIndexBack(giveIndexBack({ ...newCounter('c'), next: 9n }, 6n), 3n);
    expect(takeIndex(counter, NOTHING, 0n)).toMatchObject({ index: 3n, counter: { free: [6n], next: 9n } });
    expect(takeIndex(counter, { floor: 4n, next: 4n }, 0n)).toMatchObject({ index: 6n, counter: { free: [] } });
  });

  it('takes nothing back that was never taken, nor twice', () => {
    const counter = { ...newCounter('c'), next: 2n };
    expect(giveIndexBack(counter, 2n)).toBe(counter);
    const once = giveIndexBack(counter, 1n);
    expect(giveIndexBack(once, 1n)).toBe(once);
  });

  it('TRAPS 22: whatever is taken and given back, no two hold the same, and none is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20)), { maxLength: 200 }), (steps) => {
        let counter = newCounter('c');
        const held: bigint[] = [];
        for (const step of steps) {
          if (step === null || held.length === 0) {
            const taken = takeIndex(counter, NOTHING, 0n);
            expect(held).not.toContain(taken.index);
            held.push(taken.index);
            counter = taken.counter;
          } else counter = giveIndexBack(counter, held.splice(step % held.length, 1)[0] as bigint);
        }
        expect(held.length + counter.free.length).toBe(Number(counter.next));
      }),
    );
  });
});
