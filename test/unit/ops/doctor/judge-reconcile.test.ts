import { describe, expect, it } from 'vitest';
import {
  judgePasses,
  judgeReconciler,
  judgeRepairs,
  type PassReading,
} from '../../../../src/ops/doctor/judge-reconcile.js';

describe('reconcile', () => {
  const NOW = 1_700_000_000_000;
  const MINUTE_MS = 60_000;
  const pass = (minutesAgo: number, changes: Partial<PassReading> = {}): PassReading => ({
    ...{ state: 'done', error: null, counts: { missing: 0, drifted: 0, orphaned: 0, repaired: 0, left: 0 } },
    startedAt: new Date(NOW - (minutesAgo + 1) * MINUTE_MS),
    endedAt: new Date(NOW - minutesAgo * MINUTE_MS),
    ...changes,
  });
  const judged = (last: PassReading | null, lastDone = last, schedule: string | null = '*/5 * * * *') =>
    judgePasses({ schedule, intervalMs: schedule === null ? 0 : 5 * MINUTE_MS, last, lastDone }, NOW);

  it('has not begun, or is off', () => {
    expect(judged(null)).toMatchObject({ status: 'skipped' });
    expect(judged(null, null, null).found).toContain('RECONCILE_SCHEDULE is off');
  });

  it('was made lately, or too long ago', () => {
    expect(judged(pass(2)).status).toBe('ok');
    expect(judged(pass(24)).status).toBe('ok');
    expect(judged(pass(26))).toMatchObject({ status: 'warn' });
    expect(judged(pass(26)).advice).toContain('npm run reconcile-worker');
    expect(judged(pass(26), pass(26), null).status).toBe('ok');
  });

  it('is under way, was interrupted, or failed', () => {
    const running = pass(1, { state: 'running', endedAt: null });
    expect(judged(running, pass(6)).status).toBe('ok');
    expect(judged(running, null).status).toBe('ok');
    expect(judged(pass(1, { state: 'interrupted' }), pass(6)).status).toBe('ok');
    expect(judged(pass(1, { state: 'interrupted' }), pass(60)).status).toBe('warn');
    expect(judged(pass(1, { state: 'failed', error: 'no chain' }))).toMatchObject({ status: 'fail' });
    expect(judged(pass(1, { state: 'failed', error: 'no chain' })).found).toContain('no chain');
  });

  it('found what is wrong, and put it right or not', () => {
    const counts = { missing: 1, drifted: 2, orphaned: 0, repaired: 3, left: 0 };
    expect(judged(pass(1, { counts }))).toMatchObject({
      status: 'ok',
      found: 'done 60 s ago: 2 drifted, 1 missing, 0 orphaned; 3 repaired, 0 left',
    });
    expect(judged(pass(1, { counts: { ...counts, left: 1 } })).advice).toContain('npm run audit');
  });

  it('is made by somebody who lives', () => {
    expect(judgeReconciler({ holder: 'h', isAlive: true }, '* * * * *').status).toBe('ok');
    expect(judgeReconciler({ holder: 'h', isAlive: false }, '* * * * *')).toMatchObject({
      status: 'warn',
      found: 'h is gone',
    });
    expect(judgeReconciler({ holder: '', isAlive: false }, '* * * * *').found).toBe('nobody reconciles');
    expect(judgeReconciler({ holder: null, isAlive: false }, null).status).toBe('skipped');
  });

  it('is asked for what can be put right, or for what refuses', () => {
    expect(judgeRepairs({ waiting: 0, failed: [] })).toMatchObject({ status: 'ok', found: 'none is left' });
    expect(judgeRepairs({ waiting: 2, failed: [] }).found).toBe('2 under way');
    const refused = { collection: 'shops', key: 'A', error: 'E11000' };
    expect(judgeRepairs({ waiting: 0, failed: [refused, refused] })).toMatchObject({
      status: 'warn',
      found: 'shops/A and 1 more given up: E11000',
    });
  });
});
