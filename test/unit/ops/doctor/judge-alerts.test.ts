import { describe, expect, it } from 'vitest';
import type { Told } from '../../../../src/ops/alert-store.js';
import { ALERT_KINDS, RECONCILE_DRIFT } from '../../../../src/ops/alerts/rules.js';
import { judgeChannel, judgeFiring, judgeNoMailServer } from '../../../../src/ops/doctor/judge-alerts.js';

const NOW = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const firing = (kind: string, minutes: number) => ({
  ...{ id: `${kind}/coupons`, kind, message: 'it is bad' },
  since: new Date(NOW - minutes * MINUTE_MS),
});

describe('alerts (001-4, 003-17)', () => {
  it('fire, each with its time and what to do', () => {
    const judged = judgeFiring([firing('lag', 5), firing('listener-stopped', 180)], true, NOW);
    expect(judged.status).toBe('warn');
    expect(judged.found).toBe('lag/coupons for 5 min (it is bad), listener-stopped/coupons for 3 h (it is bad)');
    expect(judged.advice).toContain('"frontier"');
    expect(judged.advice).toContain('"listening"');
  });

  it.each([...ALERT_KINDS, RECONCILE_DRIFT])('of the kind %s have an advice of their own', (kind) => {
    expect(judgeFiring([firing(kind, 1)], false, NOW).advice).not.toContain('docs/operations.md');
  });

  it('do not fire, or nobody would say so', () => {
    expect(judgeFiring([], true, NOW)).toMatchObject({ status: 'ok', found: 'none' });
    expect(judgeFiring([], false, NOW)).toMatchObject({ status: 'skipped' });
    expect(judgeFiring([], false, NOW).advice).toContain('npm run worker');
  });

  const told = (changes: Partial<Told> = {}): Told => ({
    ...{ since: new Date(NOW - 9 * MINUTE_MS), at: new Date(NOW - 8 * MINUTE_MS), attempts: 0, nextAt: null },
    ...{ error: null, failingSince: null, ...changes },
  });

  it('arrive, or nothing was to tell', () => {
    expect(judgeChannel([told({ at: null }), told()], NOW)).toMatchObject({
      status: 'ok',
      found: 'last told 8 min ago',
    });
    expect(judgeChannel([], NOW)).toMatchObject({ status: 'ok', found: 'nothing was to tell yet' });
  });

  it('do not arrive, since when and why', () => {
    const failing = (minutes: number, error: string) =>
      told({ attempts: 2, error, failingSince: new Date(NOW - minutes * MINUTE_MS) });
    const judged = judgeChannel([told(), failing(3, 'it answered 500'), failing(7, 'ECONNREFUSED')], NOW);
    expect(judged).toMatchObject({ status: 'fail', found: '2 alerts not told, for 7 min: ECONNREFUSED' });
    expect(judgeNoMailServer()).toMatchObject({ status: 'fail' });
  });
});
