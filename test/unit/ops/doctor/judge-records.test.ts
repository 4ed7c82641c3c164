import { describe, expect, it } from 'vitest';
import { judgeDead, judgeUnfinished, judgeWaiting } from '../../../../src/ops/doctor/judge-records.js';

describe('records', () => {
  it('waiting', () => {
    expect(judgeWaiting({ count: 0, oldestMs: 0 }, 60_000)).toMatchObject({
      status: 'ok',
      found: 'none waits longer than 60 s',
    });
    expect(judgeWaiting({ count: 3, oldestMs: 300_000 }, 60_000)).toMatchObject({
      status: 'warn',
      found: '3 records waiting, the oldest for 5 min',
    });
  });

  it('dead letters: who they wait for', () => {
    const judged = (letters: number, records: number, truncated = 0) =>
      judgeDead('coupons', { letters, records, reasons: ['short'], truncated });
    expect(judged(0, 0).status).toBe('ok');
    expect(judged(1, 0)).toMatchObject({ status: 'fail', found: '1 letter, 0 records: short' });
    expect(judged(0, 1).status).toBe('fail');
    expect(judged(1, 0).advice).toContain('npm run dead-letters -- list --program coupons');
    // Cut-off logs are the worker's to complete; beside anything else they are not all there is.
    expect(judged(2, 0, 2).status).toBe('warn');
    expect(judged(2, 1, 2).status).toBe('fail');
    expect(judged(3, 0, 2).status).toBe('fail');
  });

  it('requests', () => {
    expect(judgeUnfinished({ count: 0, oldestMs: 0 }).status).toBe('ok');
    expect(judgeUnfinished({ count: 1, oldestMs: 600_000 })).toMatchObject({
      status: 'warn',
      found: '1 request signed or sent, the oldest 10 min ago',
    });
  });
});
