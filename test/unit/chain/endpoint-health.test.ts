import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Admission,
  type CallOutcome,
  DEFAULT_HEALTH as POLICY,
  EndpointHealth,
} from '../../../src/chain/endpoint-health.js';
import { RPC_FAILURES, type RpcReason } from '../../../src/chain/rpc-error.js';

const REASONS = Object.keys(RPC_FAILURES) as RpcReason[];
const ILL: readonly RpcReason[] = ['unreachable', 'timeout', 'server-error', 'malformed-answer', 'refused'];
const OK: CallOutcome = { kind: 'ok' };
const failed = (reason: RpcReason, retryAfterMs?: number): CallOutcome => ({ kind: 'failed', reason, retryAfterMs });
const healthy = () => new EndpointHealth(POLICY, () => 0);

function call(health: EndpointHealth, outcome: CallOutcome, nowMs: number): Admission {
  const admission = health.begin(nowMs);
  if (!admission) throw new Error(`not admitted at ${nowMs}`);
  health.end(admission, outcome, nowMs);
  return admission;
}

function opened(health = healthy(), nowMs = 0): EndpointHealth {
  for (let count = 0; count < POLICY.failuresToOpen; count++) call(health, failed('timeout'), nowMs);
  expect(health.state(nowMs)).toBe('open');
  return health;
}

describe('the breaker of an endpoint (001-5)', () => {
  it.each(REASONS)('after one %s', (reason) => {
    const health = healthy();
    call(health, failed(reason), 0);
    const expected =
      reason === 'rate-limited' ? 'paused' : reason === 'not-ready' || ILL.includes(reason) ? 'demoted' : 'well';
    expect(health.state(0)).toBe(expected);
    expect(health.lastFailure).toBe(expected === 'well' ? null : reason);
  });

  it.each(REASONS)('opens after %s in a row only where that is ill health', (reason) => {
    const health = healthy();
    let now = 0;
    for (let count = 0; count < 4 * POLICY.failuresToOpen; count++) {
      const admission = health.begin(now);
      if (admission) health.end(admission, failed(reason), now);
      now += 1;
    }
    expect(health.state(now) === 'open').toBe(ILL.includes(reason));
  });

  it.each(ILL)('opens at exactly the %s that makes the row full', (reason) => {
    const health = healthy();
    for (let count = 1; count < POLICY.failuresToOpen; count++) call(health, failed(reason), 0);
    expect(health.state(0)).toBe('demoted');
    call(health, failed(reason), 0);
    expect(health.state(0)).toBe('open');
    expect(health.begin(0)).toBeUndefined();
    expect(health.backInMs(0)).toBe(POLICY.open.firstMs);
  });

  it('opens on a share of failures, without any row of them', () => {
    const health = healthy();
    const { leastCalls } = POLICY.window;
    for (let count = 0; count < leastCalls - 1; count++) call(health, count % 2 ? OK : failed('timeout'), count * 100);
    expect(health.state(leastCalls * 100)).not.toBe('open');
    call(health, OK, leastCalls * 100);
    call(health, failed('timeout'), leastCalls * 100);
    expect(health.state(leastCalls * 100)).toBe('open');
  });

  it('forgets failures that are older than the window', () => {
    const health = healthy();
    const { leastCalls, ms } = POLICY.window;
    for (let count = 0; count < leastCalls - 2; count++) call(health, count % 2 ? OK : failed('timeout'), 0);
    for (let count = 0; count < leastCalls; count++) call(health, count % 4 ? OK : failed('timeout'), 2 * ms);
    expect(health.state(2 * ms)).not.toBe('open');
  });

  it('half-open lets one request through, and its answer closes it for all', () => {
    const health = opened();
    const due = POLICY.open.firstMs;
    expect(health.begin(due - 1)).toBeUndefined();
    expect(health.state(due)).toBe('half-open');
    const probe = health.begin(due) as Admission;
    expect(probe.isProbe).toBe(true);
    expect(health.begin(due)).toBeUndefined();
    expect(health.begin(due + 1_000_000)).toBeUndefined();
    health.end(probe, OK, due + 5);
    expect(health.state(due + 5)).toBe('well');
    expect([health.begin(due + 5)?.isProbe, health.begin(due + 5)?.isProbe]).toEqual([false, false]);
  });

  it.each(REASONS)('a probe that ends with %s', (reason) => {
    const health = opened();
    const due = POLICY.open.firstMs;
    call(health, failed(reason), due);
    const expected = ILL.includes(reason)
      ? 'open'
      : ({ 'rate-limited': 'paused', 'not-ready': 'demoted' } as Partial<Record<RpcReason, string>>)[reason];
    expect(health.state(due)).toBe(expected ?? 'well');
  });

  it('stays open for longer each time, up to a limit, and starts anew once it was stable', () => {
    const health = opened();
    const times: number[] = [];
    let now = 0;
    for (let count = 0; count < 8; count++) {
      times.push(health.backInMs(now));
      now += health.backInMs(now);
      call(health, failed('timeout'), now);
    }
    expect(times).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    now += health.backInMs(now);
    call(health, OK, now);
    // Closed only just: flapping does not earn the short time back.
    opened(health, now);
    expect(health.backInMs(now)).toBe(POLICY.open.maxMs);
    now += health.backInMs(now);
    call(health, OK, now);
    opened(health, now + POLICY.stableMs);
    expect(health.backInMs(now + POLICY.stableMs)).toBe(POLICY.open.firstMs);
  });

  it('what began before it opened has no say in when it closes or how long it stays open', () => {
    const health = healthy();
    const early = [health.begin(0), health.begin(0), health.begin(0)] as Admission[];
    opened(health);
    health.end(early[0]!, failed('timeout'), 10);
    expect(health.backInMs(10)).toBe(POLICY.open.firstMs - 10);
    health.end(early[1]!, OK, 10);
    expect(health.state(10)).toBe('open');
    const probe = health.begin(POLICY.open.firstMs) as Admission;
    health.end(early[2]!, failed('timeout'), POLICY.open.firstMs);
    expect(health.begin(POLICY.open.firstMs)).toBeUndefined();
    health.end(probe, OK, POLICY.open.firstMs);
    expect(health.state(POLICY.open.firstMs)).toBe('well');
  });

  it('stays away for as long as Retry-After says, and for growing times where none is named', () => {
    const health = healthy();
    call(health, failed('rate-limited', 60_000), 0);
    expect([health.state(59_999), health.state(60_000)]).toEqual(['paused', 'well']);
    const pauses: number[] = [];
    let now = 100_000;
    for (let count = 0; count < 7; count++) {
      call(health, failed('rate-limited'), now);
      pauses.push(health.backInMs(now));
      now += health.backInMs(now);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    call(health, OK, now);
    call(health, failed('rate-limited'), now);
    expect(health.backInMs(now)).toBe(1_000);
  });

  it('a burst that is refused together makes the pause grow once', () => {
    const health = healthy();
    const burst = Array.from({ length: 10 }, () => health.begin(0) as Admission);
    for (const admission of burst) health.end(admission, failed('rate-limited'), 0);
    expect(health.backInMs(0)).toBe(1_000);
  });

  it('a demoted one is back at once when it answers, and by itself after the time named', () => {
    const health = healthy();
    call(health, failed('timeout'), 0);
    expect([health.state(POLICY.demotedMs - 1), health.state(POLICY.demotedMs)]).toEqual(['demoted', 'well']);
    call(health, failed('timeout'), 20_000);
    call(health, OK, 20_001);
    expect(health.state(20_001)).toBe('well');
  });
});

describe('properties of the breaker', () => {
  const outcome = fc.oneof(
    fc.constant(OK),
    fc.constant(failed('timeout')),
    fc.constant(failed('timeout')),
    fc
      .tuple(fc.constantFrom(...REASONS), fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }))
      .map(([reason, retryAfterMs]) => failed(reason, retryAfterMs)),
  );
  const step = fc.oneof(
    fc.record({ do: fc.constant('begin' as const), afterMs: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(),
      outcome,
      afterMs: fc.integer({ min: 0, max: 5_000 }),
    }),
  );
  const script = fc.tuple(
    fc.array(step, { maxLength: 200, size: 'max' }),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  );

  function play([steps, random]: [readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[], number]) {
    const health = new EndpointHealth(POLICY, () => random);
    const open: Admission[] = [];
    let now = 0;
    let probes = 0;
    let besideProbe = 0;
    for (const one of steps) {
      now += one.afterMs;
      if (one.do === 'begin') {
        const admission = health.begin(now);
        if (admission) {
          if (open.some(({ isProbe }) => isProbe)) besideProbe += 1;
          if (admission.isProbe) probes += 1;
          open.push(admission);
        }
      } else if (open.length > 0) {
        const [ended] = open.splice(one.which % open.length, 1);
        health.end(ended!, one.outcome, now);
      }
    }
    return { health, open, now, probes, besideProbe };
  }

  it('never more than one probe at a time, and nothing beside it', () => {
    let probes = 0;
    const property = fc.property(script, (played) => {
      const run = play(played);
      probes += run.probes;
      expect(run.besideProbe).toBe(0);
    });
    fc.assert(property, { numRuns: 500 });
    expect(probes).toBeGreaterThan(100);
  });

  it('an endpoint that answers again is back at its place within the longest time named', () => {
    fc.assert(
      fc.property(script, (played) => {
        const { health, open, now } = play(played);
        for (const admission of open) health.end(admission, OK, now);
        const longest = Math.max(POLICY.open.maxMs, POLICY.pause.maxMs, POLICY.demotedMs);
        expect(health.backInMs(now)).toBeLessThanOrEqual(longest);
        const later = now + health.backInMs(now);
        call(health, OK, later);
        expect(health.state(later)).toBe('well');
      }),
    );
  });
});
