import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedSince, intervalOf, nextPassAt, scopeOf } from '../../../src/reconcile/schedule.js';

const at = (time: string) => new Date(`2026-03-29T${time}Z`);
const EVERY_FIVE_MINUTES = '*/5 * * * *';

describe('when the next pass begins (X-8)', () => {
  it('is the next time of the pattern, never the time it is counted from', () => {
    expect(nextPassAt(EVERY_FIVE_MINUTES, at('00:00:00'))).toEqual(at('00:05:00'));
    expect(nextPassAt(EVERY_FIVE_MINUTES, at('00:04:59'))).toEqual(at('00:05:00'));
    expect(nextPassAt('*/5 * * * * *', at('00:00:03'))).toEqual(at('00:00:05'));
  });

  it('is in UTC, where no hour is left out or comes twice', () => {
    // Central Europe has no half past two on this day.
    expect(nextPassAt('30 2 * * *', at('00:00:00'))).toEqual(at('02:30:00'));
  });

  it('is never, for a date that does not come, and an error for what is no pattern', () => {
    expect(nextPassAt('0 0 31 2 *', at('00:00:00'))).toBeNull();
    expect(() => nextPassAt('sometimes', at('00:00:00'))).toThrow();
  });
});

describe('passes that take longer than their interval do not stack (X-8)', () => {
  const began = at('00:00:00');

  it('counts from the end of the last one: what it ran over is skipped', () => {
    const last = { startedAt: at('00:05:00'), endedAt: at('00:22:30') };
    const since = countedSince(last, began);
    expect(since).toEqual(last.endedAt);
    expect(nextPassAt(EVERY_FIVE_MINUTES, since)).toEqual(at('00:25:00'));
  });

  it('counts from its start where it never ended, and from our own where there was none', () => {
    expect(countedSince({ startedAt: at('00:05:00'), endedAt: null }, began)).toEqual(at('00:05:00'));
    expect(countedSince({ startedAt: null, endedAt: null }, began)).toEqual(began);
    expect(countedSince(null, began)).toEqual(began);
  });

  it('begins once after an end, however many times it ran over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7_200 }), (seconds) => {
        const endedAt = new Date(at('00:05:00').getTime() + seconds * 1_000);
        const next = nextPassAt(EVERY_FIVE_MINUTES, countedSince({ startedAt: at('00:05:00'), endedAt }, began));
        const wait = (next?.getTime() ?? 0) - endedAt.getTime();
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(300_000);
      }),
      { numRuns: 50 },
    );
  });
});

it.each([
  [EVERY_FIVE_MINUTES, 300_000],
  ['*/5 * * * * *', 5_000],
  ['0 3 * * *', 86_400_000],
  ['0 0 31 2 *', 0],
])('knows the interval of %s', (pattern, interval) => {
  expect(intervalOf(pattern, at('00:00:01'))).toBe(interval);
});

describe('what a pass covers', () => {
  const DAY_MS = 86_400_000;
  const now = at('12:00:00');
  const ago = (ms: number) => ({ startedAt: new Date(now.getTime() - ms) });

  it.each([
    ['never before', null, 'everything'],
    ['one that never began', { startedAt: null }, 'everything'],
    ['just now', ago(0), 'changes'],
    ['just below a day ago', ago(DAY_MS - 1), 'changes'],
    ['a day ago', ago(DAY_MS), 'everything'],
  ] as const)('everything: %s', (_, last, scope) => {
    expect(scopeOf(last, DAY_MS, now)).toBe(scope);
  });
});
