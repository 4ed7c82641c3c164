import { expect, it } from 'vitest';
import { diffFields } from '../../../src/domain-kit/diff-document.js';

it('names each owned field that differs, and nothing else', () => {
  const expected = { owner: 'a', price: 5n, at: new Date(1), gone: null, same: 1 };
  const actual = { owner: 'b', price: 6n, at: new Date(2), same: 1, theirs: 'not ours' };
  expect(diffFields(Object.keys(expected), expected, actual)).toEqual([
    { field: 'owner', expected: 'a', actual: 'b' },
    { field: 'price', expected: 5n, actual: 6n },
    { field: 'at', expected: new Date(1), actual: new Date(2) },
    { field: 'gone', expected: null, actual: undefined },
  ]);
});

it('takes numbers for what they are, however they are stored', () => {
  const names = ['a', 'b', 'c'];
  expect(diffFields(names, { a: 5n, b: 5, c: new Date(7) }, { a: 5, b: 5n, c: new Date(7) })).toEqual([]);
  expect(diffFields(names, { a: 5n, b: 1, c: 2n ** 64n }, { a: 5.5, b: 2n, c: 2 ** 64 - 4096 })).toHaveLength(3);
});
