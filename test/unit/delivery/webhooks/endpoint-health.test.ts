import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  healthAfter,
  isGivenUp,
  requestsAllowed,
  WELL,
  type HealthSign,
} from '../../../../src/delivery/webhooks/endpoint-health.js';

const HOUR = 3_600_000;
const failure: HealthSign = { kind: 'failure' };
const after = (signs: readonly HealthSign[], nowMs = 0) =>
  signs.reduce((health, sign) => healthAfter(health, sign, nowMs), WELL);
const failures = (count: number) => Array.from({ length: count }, () => failure);

it('leaves an endpoint alone after five failures in a row, then tries with one request at a time', () => {
  expect(requestsAllowed(after(failures(4)), 0)).toBe(Infinity);
  const paused = after(failures(5));
  expect(requestsAllowed(paused, 29_999)).toBe(0);
  expect(requestsAllowed(paused, 30_000)).toBe(1);
  const longer = healthAfter(paused, failure, 30_000);
  expect(longer.pausedUntil).toBe(90_000);
  expect(requestsAllowed(healthAfter(longer, { kind: 'success' }, 90_000), 90_000)).toBe(Infinity);
});

it('requests that were under way together and fail together make one pause, not a longer one each', () => {
  const together = after(failures(50));
  expect(together).toMatchObject({ failures: 50, pauses: 1, pausedUntil: 30_000 });
  expect(healthAfter(together, failure, 30_000)).toMatchObject({ pauses: 2, pausedUntil: 90_000 });
});

it('slows down when it is asked to, until something succeeds', () => {
  const slow = after([{ kind: 'slow-down', afterMs: 60_000 }]);
  expect([requestsAllowed(slow, 59_999), requestsAllowed(slow, 60_000)]).toEqual([0, 1]);
  expect(requestsAllowed(after([{ kind: 'slow-down', afterMs: null }]), 4_999)).toBe(0);
  expect(requestsAllowed(healthAfter(slow, { kind: 'success' }, 60_000), 60_000)).toBe(Infinity);
});

it('002-3: a success of what was under way before does not end the pause that was asked for', () => {
  const asked = after([{ kind: 'slow-down', afterMs: 60_000 }]);
  const meanwhile = healthAfter(asked, { kind: 'success' }, 59_999);
  expect([requestsAllowed(meanwhile, 59_999), requestsAllowed(meanwhile, 60_000)]).toEqual([0, 1]);
  expect(meanwhile).toMatchObject({ failures: 0, failingSince: null });
  expect(healthAfter(meanwhile, { kind: 'success' }, 60_000)).toEqual(WELL);
});

it('gives up after five days of nothing but failures, not after a few rare ones', () => {
  const since = after(failures(1));
  const days = 5 * 24 * HOUR;
  const often = failures(9).reduce((health, sign) => healthAfter(health, sign, days), since);
  expect(isGivenUp(often, days)).toBe(true);
  expect(isGivenUp(often, days - 1)).toBe(false);
  expect(isGivenUp(healthAfter(since, failure, days), days)).toBe(false);
  expect(isGivenUp(healthAfter(often, { kind: 'success' }, days), 2 * days)).toBe(false);
});

it('whatever happens: a pause ends, a success ends everything but a pause, and no pause becomes shorter', () => {
  const sign = fc.oneof(
    fc.constant<HealthSign>(failure),
    fc.constant<HealthSign>({ kind: 'success' }),
    fc.record({ kind: fc.constant('slow-down' as const), afterMs: fc.option(fc.nat(HOUR), { nil: null }) }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(sign, fc.nat(HOUR)), { maxLength: 60 }), (steps) => {
      let health = WELL;
      let nowMs = 0;
      for (const [next, waitMs] of steps) {
        nowMs += waitMs;
        const before = health;
        health = healthAfter(health, next, nowMs);
        const isPaused = before.pausedUntil !== null && before.pausedUntil > nowMs;
        if (isPaused) expect(health.pausedUntil).toBeGreaterThanOrEqual(before.pausedUntil ?? 0);
        else if (next.kind === 'success') expect(health).toEqual(WELL);
        expect(requestsAllowed(health, health.pausedUntil ?? nowMs)).toBeGreaterThan(0);
      }
    }),
  );
});
