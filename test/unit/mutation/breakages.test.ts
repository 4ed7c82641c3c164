import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BREAKAGES } from '../../mutation/breakages.js';

it.each(BREAKAGES)('$invariant: the code to break is there exactly once ($name)', ({ file, code }) => {
  expect(readFileSync(file, 'utf8').split(code)).toHaveLength(2);
});

it('names every breakage once', () => {
  expect(new Set(BREAKAGES.map(({ name }) => name)).size).toBe(BREAKAGES.length);
});
