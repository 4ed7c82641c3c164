import { expect, it } from 'vitest';
import { duration } from '../../../scripts/command/duration.js';

it.each([
  ['0', 0],
  ['0s', 0],
  ['250ms', 250],
  ['5s', 5_000],
  ['30m', 1_800_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
])('reads %s', (text, ms) => {
  expect(duration(text)).toBe(ms);
});

it.each(['', '5', '1.5h', '-1s', '1 h', '1w', 'h', '1h30m', '1e3s', '1234567s'])(
  'refuses %j, and says what it takes',
  (text) => {
    expect(() => duration(text)).toThrow('It must be a duration, such as 0, 90s, 30m, 24h or 7d.');
  },
);
