import { describe, expect, it } from 'vitest';
import { defineJob, jobsByHandler } from '../../../../src/delivery/jobs/define-job.js';
import { judgeAttempt, settledAlready, underWish } from '../../../../src/delivery/jobs/judge-attempt.js';

const run = () => Promise.resolve();
const job = defineJob({ id: 'greet', version: '1', run, backoff: { firstMs: 100, maxMs: 150, jitter: 0 } });

describe('what follows from an attempt of a job (002-5)', () => {
  it.each([
    [{ kind: 'done' }, 1, { state: 'done', error: null }],
    [{ kind: 'cancelled' }, 1, { state: 'cancelled', error: null }],
    [{ kind: 'threw', error: 'no' }, 1, { state: 'due', error: 'no', afterMs: 100, counts: true }],
    [{ kind: 'threw', error: 'no' }, 2, { state: 'due', error: 'no', afterMs: 150, counts: true }],
    [{ kind: 'threw', error: 'no' }, 3, { state: 'failed', error: 'no' }],
    [{ kind: 'timed-out' }, 3, { state: 'failed', error: 'it took longer than 300000 ms' }],
    [{ kind: 'abandoned' }, 4, { state: 'failed', error: 'the process that ran it ended' }],
    [{ kind: 'stopped' }, 3, { state: 'due', error: null, afterMs: 0, counts: false }],
  ] as const)('%o, the attempt %i', (outcome, number, verdict) => {
    expect(judgeAttempt(job, outcome, number, () => 0)).toEqual(verdict);
  });
});

describe('a run that somebody wanted to end (002-5)', () => {
  it.each([
    [{ state: 'done', error: null }, 'done'],
    [{ state: 'cancelled', error: null }, 'cancelled'],
    [{ state: 'failed', error: 'no' }, 'cancelled'],
    [{ state: 'due', error: 'no', afterMs: 100, counts: true }, 'cancelled'],
    [{ state: 'due', error: null, afterMs: 0, counts: false }, 'cancelled'],
  ] as const)('%o becomes %s', (verdict, state) => {
    expect(underWish(verdict)).toEqual({ state, error: null });
  });

  it.each([
    [{ isCancelWanted: true, attempts: 1 }, false, { kind: 'cancelled' }],
    [{ isCancelWanted: true, attempts: 9 }, true, { kind: 'cancelled' }],
    [{ isCancelWanted: false, attempts: 4 }, true, { kind: 'abandoned' }],
    [{ isCancelWanted: false, attempts: 3 }, true, null],
    [{ isCancelWanted: false, attempts: 4 }, false, null],
  ] as const)('%o, abandoned: %s, is not begun: %o', (claimed, wasAbandoned, outcome) => {
    expect(settledAlready(job, claimed, wasAbandoned)).toEqual(outcome);
  });
});

describe('defining jobs', () => {
  it('refuses what has no name, no attempts, or is there twice', () => {
    for (const wrong of [{ id: 'a b' }, { version: '' }, { attempts: 0 }, { timeoutMs: 0 }]) {
      expect(() => defineJob({ id: 'a', version: '1', run, ...wrong })).toThrow(
        expect.objectContaining({ code: 'job-invalid' }) as Error,
      );
    }
    for (const timeoutMs of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -1]) {
      expect(() => defineJob({ id: 'a', version: '1', run, timeoutMs })).toThrow(
        `The timeoutMs of the job a must be above 0 and at most 2147483647 (24 days): ${timeoutMs}`,
      );
    }
    expect(defineJob({ id: 'a', version: '1', run, timeoutMs: 2 ** 31 - 1 }).timeoutMs).toBe(2 ** 31 - 1);
    expect(() => jobsByHandler([job, job])).toThrow('greet@1');
  });
});
