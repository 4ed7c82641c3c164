import { mongo } from 'mongoose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defineJob, type JobContext } from '../../../src/delivery/jobs/define-job.js';
import { jobRuns } from '../../../src/delivery/jobs/job-run.js';
import { cancelRun } from '../../../src/delivery/jobs/job-store.js';
import { systemClock } from '../../../src/lib/clock.js';
import { eventually } from '../../support/eventually.js';
import { openDeskBench } from './desk-bench.js';

let bench: Awaited<ReturnType<typeof openDeskBench>>;

beforeEach(async () => {
  bench = await openDeskBench();
});
afterEach(() => bench.close());

const QUICK = { attempts: 3, backoff: { firstMs: 10, maxMs: 10, jitter: 0 } };
const dispatchable = (version = '1') => ({ kind: 'job' as const, job: 'greet', version });
const job = (run: (context: JobContext) => Promise<void>, more: object = {}) =>
  defineJob({ id: 'greet', version: '1', run, ...QUICK, ...more });
const run = (state: string) =>
  eventually(async () => {
    const [found] = await jobRuns(bench.db).find().toArray();
    return found?.state === state && found;
  });

describe('a job that events are delivered to (002-5)', () => {
  it('runs with the event, is tried again when it throws, and keeps what it wrote', async () => {
    const dispatcher = await bench.dispatcher({ dispatchable: dispatchable() });
    const record = await bench.record({ payload: { name: 'Ada' } });
    const greet = job(async ({ event, run: { attempt }, log }) => {
      log(`attempt ${attempt}`, { for: event.payload });
      if (attempt === 1) throw new Error('not yet');
    });
    bench.start({ jobs: [greet] });
    const done = await run('done');
    expect(done).toMatchObject({
      ...{ job: 'greet', version: '1', record: record._id, attempts: 2, error: null },
      history: [
        { number: 1, error: 'not yet' },
        { number: 2, error: null },
      ],
      logs: [{ message: 'attempt 1', data: '{"for":{"name":"Ada"}}' }, { message: 'attempt 2' }],
    });
    expect(await bench.delivery(record, dispatcher)).toMatchObject({ state: 'delivered', run: done._id });
  });

  it('is given up after its last attempt, and after its time each time', async () => {
    await bench.dispatcher({ dispatchable: dispatchable() });
    await bench.record();
    const signals: AbortSignal[] = [];
    const stuck = job(({ signal }) => new Promise(() => signals.push(signal)), { timeoutMs: 30, attempts: 2 });
    bench.start({ jobs: [stuck] });
    expect(await run('failed')).toMatchObject({ attempts: 2, error: 'it took longer than 30 ms' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('is left by a process that lacks its version to one that has it', async () => {
    await bench.dispatcher({ dispatchable: dispatchable('2') });
    await bench.record();
    const seen: string[] = [];
    const version = (name: string) => defineJob({ id: 'greet', version: name, run: async () => void seen.push(name) });
    bench.start({ jobs: [version('1')] });
    await run('due');
    bench.start({ desks: [], jobs: [version('2')] });
    await run('done');
    expect(seen).toEqual(['2']);
  });

  it('ends when somebody wants it to, begun or not', async () => {
    await bench.dispatcher({ dispatchable: dispatchable() });
    await bench.record();
    bench.start();
    const waiting = await run('due');
    expect(await cancelRun(bench.db, 'env_b', waiting._id, new Date())).toBe('unknown');
    expect(await cancelRun(bench.db, 'env_a', waiting._id, new Date())).toBe('cancelled');
    expect(await cancelRun(bench.db, 'env_a', waiting._id, new Date())).toBe('ended');
    await jobRuns(bench.db).deleteMany({});
    await bench.record();
    let signal: AbortSignal | undefined;
    const stuck = job((context) => new Promise(() => (signal = context.signal)));
    bench.start({ desks: [], jobs: [stuck], jobTiming: { renewMs: 20 } });
    const running = await run('running');
    expect(await cancelRun(bench.db, 'env_a', running._id, new Date())).toBe('asked');
    await run('cancelled');
    expect(signal?.aborted).toBe(true);
  });

  it('is not tried again when somebody wanted it to end before its attempt failed', async () => {
    await bench.dispatcher({ dispatchable: dispatchable() });
    await bench.record();
    let fail: (error: Error) => void = () => {};
    const failing = job(() => new Promise((_, reject) => (fail = reject)));
    bench.start({ jobs: [failing], jobTiming: { renewMs: 60_000 } });
    const { _id } = await run('running');
    expect(await cancelRun(bench.db, 'env_a', _id, new Date())).toBe('asked');
    fail(new Error('never mind'));
    expect(await run('cancelled')).toMatchObject({
      ...{ attempts: 1, error: null, claim: null },
      history: [{ number: 1, error: 'never mind' }],
    });
  });

  it('is not begun anew when somebody wanted it to end and its process died', async () => {
    await bench.dispatcher({ dispatchable: dispatchable() });
    await bench.record();
    const begun: number[] = [];
    const stuck = job(({ run: { attempt } }) => new Promise(() => begun.push(attempt)));
    bench.start({ jobs: [stuck], jobTiming: { renewMs: 60_000, abandonedMs: 300 } });
    const { _id } = await run('running');
    expect(await cancelRun(bench.db, 'env_a', _id, new Date())).toBe('asked');
    bench.start({ desks: [], jobs: [stuck] });
    await run('cancelled');
    expect(begun).toEqual([1]);
  });

  it('is ended by a process of another version when somebody wanted it to end and its process died', async () => {
    await bench.dispatcher({ dispatchable: dispatchable() });
    await bench.record();
    const stuck = job(() => new Promise(() => {}));
    bench.start({ jobs: [stuck], jobTiming: { renewMs: 60_000, abandonedMs: 300 } });
    const { _id } = await run('running');
    bench.start({ desks: [], jobTiming: { renewMs: 50 } });
    expect(await cancelRun(bench.db, 'env_a', _id, new Date())).toBe('asked');
    expect(await run('cancelled')).toMatchObject({
      ...{ attempts: 1, error: null, claim: null, endedAt: expect.any(Date) as Date },
      history: [{ number: 1, error: 'the process that ran it ended' }],
    });
  });

  it('keeps what it wrote when a sign of life fails, and only so much of an error', async () => {
    await bench.dispatcher({ dispatchable: dispatchable() });
    await bench.record();
    const { prototype } = mongo.Collection;
    const update = Reflect.get(prototype, 'findOneAndUpdate') as (
      this: mongo.Collection,
      ...given: unknown[]
    ) => Promise<unknown>;
    let isFailing = false;
    const renewals = vi.spyOn(prototype, 'findOneAndUpdate').mockImplementation(function (
      this: mongo.Collection,
      ...given
    ) {
      if (!isFailing || this.collectionName !== 'job_runs') return update.apply(this, given) as never;
      isFailing = false;
      throw new Error('no primary');
    });
    let fail: (error: Error) => void = () => {};
    const talking = job(
      ({ log }) => {
        log('before it');
        isFailing = true;
        return new Promise((_, reject) => (fail = reject));
      },
      { attempts: 1 },
    );
    try {
      bench.start({ jobs: [talking], jobTiming: { renewMs: 50 } });
      await eventually(async () => {
        const [found] = await jobRuns(bench.db).find().toArray();
        return found && found.logs.length > 0;
      });
      expect(isFailing).toBe(false);
    } finally {
      renewals.mockRestore();
    }
    fail(new Error('e'.repeat(100_000)));
    const failed = await run('failed');
    expect(failed.logs).toMatchObject([{ message: 'before it' }]);
    expect(failed.error).toHaveLength(2_000);
    expect(failed.history[0]?.error).toHaveLength(2_000);
  });

  it('is taken up when whoever ran it is gone, and what that one says afterwards counts for nothing', async () => {
    await bench.dispatcher({ dispatchable: dispatchable() });
    await bench.record();
    let finish: () => void = () => {};
    const first = bench.start({
      jobs: [job(() => new Promise((resolve) => (finish = resolve)))],
      jobTiming: { renewMs: 60_000, abandonedMs: 300 },
    });
    await run('running');
    bench.start({ desks: [], jobs: [job(() => new Promise(() => {}))], jobTiming: { abandonedMs: 60_000 } });
    const second = await eventually(async () => {
      const found = await run('running');
      return found.attempts === 2 && found;
    });
    finish();
    await first.stop();
    expect(await jobRuns(bench.db).findOne({ _id: second._id })).toMatchObject({
      state: 'running',
      claim: second.claim,
    });
  });

  it('stays with whoever runs it while that one lives, also where another clock is a minute ahead', async () => {
    await bench.dispatcher({ dispatchable: dispatchable() });
    await bench.record();
    const begun: string[] = [];
    let finish: () => void = () => {};
    const jobOf = (who: string) => job(() => new Promise((resolve) => ((finish = resolve), begun.push(who))));
    bench.start({ jobs: [jobOf('first')], jobTiming: { renewMs: 50, abandonedMs: 30_000 } });
    await run('running');
    const looks: number[] = [];
    const ahead = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => (looks.push(ms), systemClock.sleep(ms, signal)),
      now: () => systemClock.now() + 60_000,
    };
    bench.start({ desks: [], jobs: [jobOf('ahead')], clock: ahead, jobTiming: { pollMs: 50 } });
    await eventually(() => looks.length > 5);
    finish();
    expect(await run('done')).toMatchObject({ attempts: 1 });
    expect(begun).toEqual(['first']);
  });

  it('runs one after another where its dispatcher keeps an order', async () => {
    const dispatcher = await bench.dispatcher({ dispatchable: dispatchable(), orderBy: ['payload', 'owner'] });
    const now = Date.now();
    const records = await bench.records(
      [0, 1].map((n) => ({ payload: { owner: 'alice', n }, deliverAt: new Date(now - 1_000 + n) })),
    );
    const seen: string[] = [];
    const slow = job(async ({ event, run: { attempt } }) => {
      seen.push(event._id);
      if (attempt === 1) throw new Error('once more');
    });
    bench.start({ jobs: [slow], timing: { pollMs: 50 } });
    await eventually(async () => (await bench.deliveries()).filter(({ state }) => state === 'delivered').length === 2);
    expect(seen).toEqual(records.flatMap(({ _id }) => [_id, _id]));
    expect(dispatcher.orderBy).not.toBeNull();
  });
});
