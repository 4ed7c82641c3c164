/**
 * Asks the real `eventFilterMatches` what it answers, and writes trigger-table.json beside this file. It is in
 * @trigger.dev/core (MIT) up to 2.3.19, which brings a zod of its own and is therefore no dependency of ours:
 *
 *   npm init -y && npm install --ignore-scripts @trigger.dev/core@2.3.19      (in an empty folder)
 *   node test/support/trigger-table/make.mjs <that folder>/node_modules/@trigger.dev/core/dist/index.mjs
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL, URL } from 'node:url';

const { eventFilterMatches } = await import(pathToFileURL(resolve(process.argv[2] ?? '')).href);

const MISSING = Symbol('missing');
const VALUES = [
  ...[MISSING, null, '', 'abc', 'ABC', 'äbc', '5', 5, 0, -1, 2.5, true, false],
  ...[[], ['abc'], [5], [null], {}, { a: 1 }, [{ a: 1 }]],
];
/** What stands at the key `v`. */
const MATCHERS = [
  ...[[], ['abc'], ['abc', ''], [5], [0, -1], [true], [false, true], [null], ['abc', 5], [[]], [{}]],
  ...[{ $startsWith: 'a' }, { $startsWith: '' }, { $endsWith: 'c' }, { $endsWith: 'C' }].map((one) => [one]),
  ...[{ $ignoreCaseEquals: 'abc' }, { $ignoreCaseEquals: 'ÄBC' }].map((one) => [one]),
  ...[{ $exists: true }, { $exists: false }, { $isNull: true }, { $isNull: false }].map((one) => [one]),
  ...[{ $anythingBut: 'abc' }, { $anythingBut: ['abc', ''] }, { $anythingBut: 5 }, { $anythingBut: [] }].map((one) => [
    one,
  ]),
  ...[{ $not: 'abc' }, { $not: 5 }, { $not: true }, { $includes: 'abc' }, { $includes: 5 }].map((one) => [one]),
  ...[{ $gt: 0 }, { $gte: 0 }, { $lt: 5 }, { $lte: 5 }, { $between: [0, 5] }, { $between: [5, 0] }].map((one) => [one]),
  [{ $gt: 0 }, { $lt: 5 }],
  [{ $exists: true }, { $anythingBut: 'abc' }],
  [{ $startsWith: 'a' }, { $endsWith: 'x' }],
  [{ $isNull: true }, { $isNull: false }],
  [{ $foo: 1 }],
  [{ $foo: 1 }, { $gt: 0 }],
  [{ $gt: 0, $lt: 3 }],
  [{ $lt: 3, $gt: 0 }],
  [{ $endsWith: 'c', $startsWith: 'x' }],
  [{ $exists: false, $isNull: true }],
  [{ $gt: 0 }, 'abc'],
  ['abc', { $gt: 0 }],
  ...[
    'abc',
    5,
    true,
    null,
    {},
    { a: [1] },
    { a: [{ $exists: false }] },
    { length: [3] },
    { 0: ['a'] },
    { 0: { a: [1] } },
  ],
  ...[{ $gt: 0 }, { constructor: { name: ['String'] } }, { constructor: [{ $exists: true }] }, { toString: [] }],
];
/** Whole events. */
const PAIRS = [
  [{}, undefined],
  [{}, null],
  [{ a: [] }, undefined],
  [{ a: [] }, null],
  [{ a: {} }, {}],
  [{ a: { b: {} } }, {}],
  [
    { a: ['x'], b: ['y'] },
    { a: 'x', b: 'y' },
  ],
  [
    { a: ['x'], b: ['y'] },
    { a: 'x', b: 'z' },
  ],
  [{ a: ['x'] }, { a: 'x', more: 1 }],
  [{ 'a.b': [1] }, { a: { b: 1 } }],
  [{ 'a.b': [1] }, { 'a.b': 1 }],
  [{ a: { b: { c: ['d'] } } }, { a: { b: { c: 'd' } } }],
  [{ a: { b: { c: ['d'] } } }, { a: { b: { c: 'e' } } }],
  [{ a: { b: { c: ['d'] } } }, { a: { b: 'd' } }],
  [{ a: { b: ['x'], c: [1] } }, { a: [{ b: 'x' }, { c: 1 }] }],
  [{ a: { b: ['x'], c: [1] } }, { a: [{ b: 'x', c: 1 }, {}] }],
  [{ a: { b: ['x'] } }, { a: [[{ b: 'x' }]] }],
  [{ a: { length: [1] } }, { a: [[0]] }],
  [{ a: { b: { c: ['x'] } } }, { a: [{ b: [{ c: 'y' }, { c: 'x' }] }] }],
  [{ a: { b: [] } }, { a: [] }],
  [{ a: { b: [] } }, { a: [1] }],
  [{ a: { b: [] } }, { a: [null] }],
  [{ payload: {} }, { payload: [] }],
  [
    { payload: {}, context: {} },
    { payload: 'x', context: null },
  ],
  [{ payload: { a: ['x'] } }, { payload: [{ a: 'x' }] }],
  [['a'], { 0: 'a' }],
  [{ length: [2] }, [1, 2]],
  [{ __proto__: null, ['__proto__']: { a: [1] } }, {}],
  [{ hasOwnProperty: [{ $exists: true }] }, {}],
  [{ valueOf: {} }, {}],
  [{ a: [{ $startsWith: 5 }] }, { a: '5x' }],
  [{ a: [{ $gt: '4' }] }, { a: 5 }],
  [{ a: [{ $between: 5 }] }, { a: 5 }],
  [{ a: [{ $between: null }] }, { a: 5 }],
  [{ a: [{ $between: '19' }] }, { a: 5 }],
  [{ a: [{ $gt: { valueOf: 1, toString: 1 } }] }, { a: 5 }],
  [{ a: [{ $ignoreCaseEquals: null }] }, { a: 'NULL' }],
];

const cases = [
  ...PAIRS,
  ...MATCHERS.flatMap((matcher) => VALUES.map((value) => [{ v: matcher }, value === MISSING ? {} : { v: value }])),
];
const rows = cases.map(([filter, event]) => JSON.stringify({ filter, event, real: answer(event, filter) }));
await writeFile(new URL('trigger-table.json', import.meta.url), `[\n${rows.join(',\n')}\n]\n`);
process.stdout.write(`${rows.length} rows\n`);

function answer(event, filter) {
  try {
    return eventFilterMatches(event, filter);
  } catch {
    return 'throws';
  }
}
