import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DueDelivery } from '../../../../src/delivery/desk/delivery-store.js';
import { judgeOrder, lineOf, nextInLine } from '../../../../src/delivery/desk/judge-order.js';

const at = (ms: number) => String(ms).padStart(15, '0');
const delivery = (id: string, orderKey: string | null, ms = 1) =>
  ({ _id: id, dispatcher: 'disp_a', orderKey, position: `${at(ms)}/${id}`, state: 'due' }) as DueDelivery;
const ids = (deliveries: readonly { readonly _id: string }[]) => deliveries.map(({ _id }) => _id);

describe('the order of deliveries (002-5)', () => {
  it('lets what has no order key go', () => {
    expect(ids(judgeOrder([delivery('a', null)], new Map(), 0).free)).toEqual(['a']);
  });

  it('lets the first of a line go, and the others wait behind it', () => {
    const [first, second] = [delivery('a', 'k'), delivery('b', 'k', 2)];
    const turns = new Map([[lineOf(first), { _id: 'a', state: 'due' as const }]]);
    const { free, wait, revive } = judgeOrder([second, first], turns, Infinity);
    expect([ids(free), ids(wait), revive]).toEqual([['a'], ['b'], []]);
  });

  it('wakes a first one that sleeps', () => {
    const turns = new Map([[lineOf(delivery('b', 'k')), { _id: 'a', state: 'waiting' as const }]]);
    expect(judgeOrder([delivery('b', 'k')], turns, Infinity)).toMatchObject({ free: [], revive: ['a'] });
  });

  it('holds back what an event of the same moment or before may still come in front of', () => {
    const one = delivery('a', 'k', 50);
    const turns = new Map([[lineOf(one), { _id: 'a', state: 'due' as const }]]);
    expect(judgeOrder([one], turns, 50)).toMatchObject({ free: [], wait: [], isEarly: true });
    expect(ids(judgeOrder([one], turns, 51).free)).toEqual(['a']);
  });

  it('never lets two of one line go at once, whatever is due', () => {
    const dues = fc.uniqueArray(fc.tuple(fc.constantFrom('k', 'l', 'm'), fc.nat(50)), { selector: String });
    fc.assert(
      fc.property(dues, (pairs) => {
        const due = pairs.map(([key, ms]) => delivery(`${key}${ms}`, key, ms));
        const turns = new Map(
          due.map((one) => {
            const line = due.filter((other) => lineOf(other) === lineOf(one));
            const [first] = line.toSorted((a, b) => (a.position < b.position ? -1 : 1));
            return [lineOf(one), { _id: first?._id ?? '', state: 'due' as const }];
          }),
        );
        const { free, wait } = judgeOrder(due, turns, Infinity);
        expect(new Set(free.map(lineOf)).size).toBe(free.length);
        expect(free.length + wait.length).toBe(due.length);
      }),
    );
  });

  it('names who is next: the earliest of those that wait already and those that begin to', () => {
    const line = lineOf(delivery('x', 'k'));
    const stored = { _id: 'stored', position: at(5) };
    expect(nextInLine(line, [delivery('b', 'k', 9), delivery('c', 'other', 1)], stored)).toBe('stored');
    expect(nextInLine(line, [delivery('b', 'k', 2)], stored)).toBe('b');
    expect(nextInLine(line, [], null)).toBeNull();
  });
});
