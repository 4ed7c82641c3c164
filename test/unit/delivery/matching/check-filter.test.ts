import { describe, expect, it } from 'vitest';
import { checkFilter } from '../../../../src/delivery/matching/check-filter.js';

const faults = (payload: unknown, mode: 'strict' | 'trigger' = 'strict') =>
  checkFilter({ payload }, mode).map(({ place, message }) => `${place}: ${message}`);
const first = (payload: unknown, mode?: 'strict' | 'trigger') => faults(payload, mode)[0];

describe('002-4: what may be saved as a filter', () => {
  it('everything that has one meaning', () => {
    expect(checkFilter({}, 'strict')).toEqual([]);
    expect(
      checkFilter(
        {
          payload: {
            owner: ['Alice', 'Bob'],
            price: [{ $gte: '18446744073709551615' }, { $anythingBut: ['1', '2'] }],
            item: { kind: [{ $startsWith: 'b' }], count: [{ $between: [1, 5] }] },
            flag: [true],
          },
          context: { test: [{ $exists: false }] },
        },
        'strict',
      ),
    ).toEqual([]);
  });

  it('the error points at the place', () => {
    expect(first({ owner: [{ $foo: 1 }] })).toMatch(
      /^filter\.payload\.owner\[0\]\.\$foo: is no operator; there are \$startsWith, /,
    );
    expect(first({ 'a.b': [{ $gt: 'x' }] })).toBe(
      'filter.payload["a.b"][0].$gt: must be a number, or a text of digits',
    );
    expect(faults({ a: [{ $foo: 1 }], b: { c: [{ $bar: 2 }] } })).toHaveLength(2);
  });

  it.each([
    [{ a: 'x' }, 'filter.payload.a: must be a list or a pattern: write [ … ]'],
    [{ a: null }, 'filter.payload.a: must be a list or a pattern: [{ "$isNull": true }]'],
    [{ a: [null] }, 'filter.payload.a[0]: is null: use [{ "$isNull": true }]'],
    [
      { a: { $gt: 5 } },
      'filter.payload.a.$gt: is in the place of a key: operators stand in a list, as in [{ "$gt": … }]',
    ],
    [{ a: [] }, 'filter.payload.a: is empty, and nothing is one of none: leave the key out'],
    [{ a: {} }, 'filter.payload.a: is empty: leave the key out, or use $exists'],
    [{ a: ['x', 1] }, 'filter.payload.a[1]: must be a string, as what is before it'],
    [{ a: ['x', { $gt: 1 }] }, 'filter.payload.a[1]: must be a text, a number, true or false'],
    [{ a: [{ $gt: 1 }, 'x'] }, 'filter.payload.a[1]: must be an operator, as what is before it'],
    [
      { a: [{ $gt: 1, $lt: 5 }] },
      'filter.payload.a[0]: must have one operator; for all of them write { "$gt": … }, { "$lt": … }',
    ],
    [{ a: [{}] }, 'filter.payload.a[0]: is empty: it must have one operator'],
    [{ a: [{ $between: [5, 1] }] }, 'filter.payload.a[0].$between: is the wrong way round: nothing is between them'],
    [{ a: [{ $between: [1] }] }, 'filter.payload.a[0].$between: must be a list of two numbers, from and to'],
    [{ a: [{ $exists: 'yes' }] }, 'filter.payload.a[0].$exists: must be true or false'],
    [{ a: [{ $startsWith: 5 }] }, 'filter.payload.a[0].$startsWith: must be a text'],
    [
      { a: [{ $anythingBut: [] }] },
      'filter.payload.a[0].$anythingBut: is empty, and everything is anything but nothing: leave it out',
    ],
    [
      { a: [{ $anythingBut: ['x', 1] }] },
      'filter.payload.a[0].$anythingBut: must be all texts, all numbers or all flags',
    ],
    [{ a: [2 ** 53] }, 'filter.payload.a[0]: is too large for an exact JSON number: write it as a text'],
    [{ a: [{ $gt: 2 ** 60 }] }, 'filter.payload.a[0].$gt: is too large for an exact JSON number: write it as a text'],
  ])('%j is refused in strict mode', (payload, fault) => expect(first(payload)).toBe(fault));

  it('what is no filter at all', () => {
    expect(checkFilter([], 'strict')[0]?.place).toBe('filter');
    expect(checkFilter({ body: {} }, 'trigger')[0]).toEqual({
      place: 'filter.body',
      message: 'is not known: a filter has `payload`, `context` or both',
    });
    expect(first([])).toBe('filter.payload: must be an object');
  });

  it('in trigger mode what trigger.dev would have saved, no more', () => {
    for (const payload of [{ a: [] }, { a: {} }, { a: { $gt: [1] } }, { a: [{ $gt: 1, $foo: 2 }] }]) {
      expect(faults(payload, 'trigger')).toEqual([]);
    }
    for (const payload of [
      { a: 'x' },
      { a: null },
      { a: [null] },
      { a: [{ $foo: 1 }] },
      { a: ['x', 1] },
      { a: [[]] },
    ]) {
      expect(faults(payload, 'trigger')).not.toEqual([]);
    }
    expect(first({ a: [{ $gt: '5' }] }, 'trigger')).toBe('filter.payload.a[0]: must be an operator with what it takes');
  });

  it('has bounds for depth, count and size, however deep it comes', () => {
    const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}["x"]${'}'.repeat(levels)}`) as unknown;
    expect(faults(nested(14))).toEqual([]);
    expect(first(nested(15))).toBe('filter: must be at most 16 levels deep, its lists and operators included');
    expect(first(nested(5_000))).toContain('levels deep');
    expect(first({ a: Array.from({ length: 2_001 }, (_, at) => at) })).toBe(
      'filter: must have at most 2000 keys and values',
    );
    expect(first({ a: ['x'.repeat(40_000)] })).toBe('filter: must be at most 32768 bytes of JSON');
    expect(faults({ a: Array.from({ length: 100 }, () => null) })).toHaveLength(20);
  });
});
