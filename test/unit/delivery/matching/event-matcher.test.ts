import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventFilter } from '../../../../src/delivery/dispatchers/dispatcher.js';
import { checkFilter } from '../../../../src/delivery/matching/check-filter.js';
import { describeMismatch, type Mismatch } from '../../../../src/delivery/matching/mismatch.js';
import { isObject, ownValue } from '../../../../src/delivery/matching/own-value.js';
import { EventMatcher } from '../../../../src/delivery/matching/event-matcher.js';

const event = {
  payload: {
    owner: 'Alice',
    price: '18446744073709551615',
    serial: 7,
    tags: ['new', 'hot'],
    items: [
      { kind: 'book', price: 3 },
      { kind: 'pen', price: 9 },
    ],
    note: null,
  },
  context: null,
};
const matcher = new EventMatcher(event);
const words = (found: Mismatch | null) => found && describeMismatch(found);
const strict = (pattern: Record<string, unknown>) => matcher.matches({ payload: pattern });

describe('002-4: strict matching', () => {
  it('a filter that says nothing fits every event', () => {
    expect(matcher.matches({})).toBe(true);
    expect(matcher.matches({ payload: {}, context: {} })).toBe(true);
    for (const payload of [null, undefined, [], 'x']) {
      expect(new EventMatcher({ payload, context: null }).matches({ payload: {} })).toBe(true);
    }
  });

  it('all keys must fit, what else the event has does not matter', () => {
    expect(strict({ owner: ['Alice'], serial: [7] })).toBe(true);
    expect(strict({ owner: ['Alice'], serial: [8] })).toBe(false);
    expect(matcher.matches({ payload: { owner: ['Alice'] }, context: { app: ['x'] } })).toBe(false);
  });

  it('a list of values is any of them, and nothing is converted', () => {
    expect(strict({ serial: [6, 7] })).toBe(true);
    expect(strict({ serial: ['7'] })).toBe(false);
    expect(strict({ tags: ['new'] })).toBe(false);
    expect(strict({ tags: [{ $includes: 'new' }] })).toBe(true);
  });

  it('u64s as texts are compared exactly, to the last digit', () => {
    expect(strict({ price: [{ $gt: '18446744073709551614' }] })).toBe(true);
    expect(strict({ price: [{ $gt: '18446744073709551615' }] })).toBe(false);
    expect(strict({ price: [{ $between: ['18446744073709551615', '18446744073709551616'] }] })).toBe(true);
    expect(strict({ price: [{ $gt: 5 }] })).toBe(true);
    expect(strict({ serial: [{ $lte: '7' }, { $gt: 6.5 }] })).toBe(true);
    expect(strict({ owner: [{ $gt: 0 }] })).toBe(false);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (a, b) => {
        const of = new EventMatcher({ payload: { n: String(a) }, context: null });
        expect(of.matches({ payload: { n: [{ $gt: String(b) }] } })).toBe(a > b);
        expect(of.matches({ payload: { n: [{ $lte: String(b) }] } })).toBe(a <= b);
      }),
    );
  });

  it('a pattern over a list wants one element that fits it whole', () => {
    expect(strict({ items: { kind: ['pen'], price: [9] } })).toBe(true);
    expect(strict({ items: { kind: ['book'], price: [9] } })).toBe(false);
  });

  it('null is there, and is null', () => {
    expect(strict({ note: [{ $exists: true }, { $isNull: true }] })).toBe(true);
    expect(strict({ gone: [{ $exists: false }, { $isNull: false }, { $anythingBut: 'x' }] })).toBe(true);
    expect(strict({ gone: [{ $not: 'x' }] })).toBe(false);
  });

  it('what is inherited is not looked at, and texts are not looked into', () => {
    for (const key of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      const pattern = JSON.parse(`{ "${key}": [{ "$exists": true }] }`) as Record<string, unknown>;
      expect(strict(pattern)).toBe(false);
      expect(strict({ owner: pattern })).toBe(false);
      expect(strict({ tags: pattern })).toBe(false);
    }
    expect(strict({ owner: { length: [5] } })).toBe(false);
    const own = new EventMatcher({ payload: JSON.parse('{ "__proto__": 1 }'), context: null });
    expect(own.matches({ payload: JSON.parse('{ "__proto__": [1] }') as Record<string, unknown> })).toBe(true);
  });
});

describe('002-4: why a filter does not match', () => {
  const why = (filter: EventFilter, mode?: 'strict' | 'trigger') => words(matcher.mismatch(filter, mode));

  it('says where and what', () => {
    expect(why({ payload: { owner: ['Alice'] } })).toBeNull();
    expect(why({ payload: { owner: ['Bob', 'Carol'] } })).toEqual({
      path: 'payload.owner',
      detail: 'is "Alice", which is not one of ["Bob","Carol"]',
    });
    expect(why({ payload: { 'a.b': { c: [1] } } })).toEqual({
      path: 'payload["a.b"]',
      detail: 'is missing, which does not fit {"c":[1]}',
    });
    expect(why({ payload: { serial: [{ $gt: 1 }, { $lt: 7 }] } }, 'trigger')).toEqual({
      path: 'payload.serial',
      detail: 'is 7, which does not fit {"$lt":7}',
    });
    expect(why({ context: { app: ['x'] } })).toEqual({
      path: 'context',
      detail: 'is null, which does not fit {"app":["x"]}',
    });
  });

  it('names the mistakes people make', () => {
    const detail = (pattern: Record<string, unknown>, payload: unknown) =>
      words(new EventMatcher({ payload, context: null }).mismatch({ payload: pattern }))?.detail;
    expect(detail({ n: [5] }, { n: '5' })).toBe(
      'is "5", which is a text, and not one of [5]: write the number as a text in the filter',
    );
    expect(detail({ n: ['a'] }, { n: ['a'] })).toBe(
      'is ["a"], which is a list, and never one of ["a"]: $includes looks into lists',
    );
    expect(detail({ n: { a: [1] } }, { n: [{ a: 2 }] })).toBe('is [{"a":2}], which no element of it fits {"a":[1]}');
    expect(detail({ n: ['y'] }, { n: 'x'.repeat(1_000) })?.length).toBeLessThan(200);
  });
});

describe('002-4: any filter, any event', () => {
  const KEYS = ['a', 'b', 'constructor', '__proto__', 'length', 'toString'];
  const key = fc.constantFrom(...KEYS);
  const scalar = fc.oneof(
    fc.constantFrom('x', 'X', 'xy', '5', '-3', ''),
    fc.integer({ min: -3, max: 6 }),
    fc.boolean(),
  );
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      record(key, tie('value')),
    ),
  })).value;
  const alike = fc.oneof(
    fc.array(fc.constantFrom('x', 'X', 'xy'), { minLength: 1, maxLength: 3 }),
    fc.array(fc.integer({ min: -3, max: 6 }), { minLength: 1, maxLength: 3 }),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 2 }),
  );
  const number = fc.oneof(fc.integer({ min: -3, max: 6 }), fc.constantFrom('5', '-3'));
  const operator = fc.oneof(
    ...['$startsWith', '$endsWith', '$ignoreCaseEquals'].map((name) => one(name, fc.constantFrom('x', 'X', 'y', ''))),
    ...['$exists', '$isNull'].map((name) => one(name, fc.boolean())),
    ...['$not', '$includes', '$anythingBut'].map((name) => one(name, scalar)),
    one('$anythingBut', alike),
    ...['$gt', '$gte', '$lt', '$lte'].map((name) => one(name, number)),
    one('$between', fc.tuple(number, number)),
  );
  const pattern = fc.letrec<{ pattern: Record<string, unknown> }>((tie) => ({
    pattern: record(
      key,
      fc.oneof({ maxDepth: 3 }, alike, fc.array(operator, { minLength: 1, maxLength: 3 }), tie('pattern')),
    ),
  })).pattern;
  const filter = fc.record({ payload: pattern, context: pattern }, { requiredKeys: [] }) as fc.Arbitrary<EventFilter>;
  const matchable = fc.record({ payload: json, context: json });

  it('neither mode throws, and each explains what does not match', () => {
    fc.assert(
      fc.property(fc.oneof(filter, fc.object() as fc.Arbitrary<EventFilter>), matchable, (wanted, given) => {
        for (const mode of ['strict', 'trigger'] as const) {
          const of = new EventMatcher(given);
          expect(words(of.mismatch(wanted, mode)) === null).toBe(of.matches(wanted, mode));
          checkFilter(wanted, mode);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never through the prototype: what the event has not itself is missing', () => {
    const inherited = new Set(['constructor', '__proto__', 'toString']);
    fc.assert(
      fc.property(matchable, fc.constantFrom(...inherited), (given, name) => {
        const wants = JSON.parse(`{ "${name}": [{ "$exists": true }] }`) as Record<string, unknown>;
        const has = (value: unknown) => typeof value === 'object' && value !== null && Object.hasOwn(value, name);
        const { payload } = given;
        const expected = Array.isArray(payload) ? payload.some(has) : has(payload);
        for (const mode of ['strict', 'trigger'] as const) {
          expect(new EventMatcher(given).matches({ payload: wants }, mode)).toBe(expected);
        }
      }),
    );
  });

  it('the modes agree wherever both have a meaning', () => {
    let agreed = 0;
    const matched = { true: 0, false: 0 };
    fc.assert(
      fc.property(filter, matchable, (wanted, given) => {
        // Digits are numbers for the one mode, and anything that is no object is looked into by the other one.
        if (/"-?\d+"/.test(JSON.stringify([wanted, given])) || !meetsObjects(wanted, given)) return;
        if (checkFilter(wanted, 'strict').length > 0) return;
        // An empty pattern says nothing here, and there that a list has an element.
        if (Object.values(wanted).some((part) => Object.keys(part as object).length === 0)) return;
        expect(checkFilter(wanted, 'trigger')).toEqual([]);
        const of = new EventMatcher(given);
        const answer = of.matches(wanted, 'strict');
        expect(of.matches(wanted, 'trigger')).toBe(answer);
        agreed++;
        matched[`${answer}`]++;
      }),
      { numRuns: 10_000 },
    );
    expect(agreed).toBeGreaterThan(500);
    expect(Math.min(matched.true, matched.false)).toBeGreaterThan(50);
  });

  /** Whether every pattern of a filter meets an object, nothing, or a list of those. */
  function meetsObjects(wanted: unknown, value: unknown): boolean {
    if (!isObject(wanted) || value === undefined || value === null) return true;
    if (!isObject(value)) return false;
    return Object.keys(wanted).every((key) => {
      const inner = ownValue(value, key);
      const elements = Array.isArray(inner) && isObject(wanted[key]) ? inner : [inner];
      return elements.every((element) => meetsObjects(wanted[key], element));
    });
  }

  function one(name: string, operand: fc.Arbitrary<unknown>) {
    return operand.map((value) => ({ [name]: value }));
  }

  /** As JSON.parse makes it: `__proto__` is a key like another. */
  function record<T>(keys: fc.Arbitrary<string>, values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
    return fc
      .array(fc.tuple(keys, values), { maxLength: 3 })
      .map((entries) => Object.fromEntries(entries) as Record<string, T>);
  }
});
