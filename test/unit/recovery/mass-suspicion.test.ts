import { expect, it } from 'vitest';
import { isMassSuspicion } from '../../../src/recovery/mass-suspicion.js';

const slots = (count: number, apart = 1) => Array.from({ length: count }, (_, position) => 100 + position * apart);

it.each([
  ['20 of 39', slots(20, 0), 39, true],
  ['20 of 40', slots(20, 0), 40, false],
  ['19 of 19 in one slot', slots(19, 0), 19, false],
  ['8 of 8 in as many slots: an empty node', slots(8), 8, true],
  ['8 of 9', slots(8), 9, false],
  ['5 of 5 in as many slots', slots(5), 5, true],
  ['4 of 4: what a fork drops', slots(4), 4, false],
  ['12 of 12 in four slots: what a fork drops', [...slots(4), ...slots(4), ...slots(4)], 12, false],
  ['none of none', [], 0, false],
])('%s (I5)', (_, suspects, asked, isMass) => {
  expect(isMassSuspicion(suspects, asked, false)).toBe(isMass);
});

it('takes a few for a deep fork where the endpoint knows what was final before them, and many never (I5)', () => {
  expect(isMassSuspicion(slots(8), 8, true)).toBe(false);
  expect(isMassSuspicion(slots(20), 20, true)).toBe(true);
});
