import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/errors.js';
import { eventRecords } from '../records/record-store.js';
import { toldRecord } from '../records/told-record.js';
import type { Job } from './define-job.js';
import { JobLog } from './job-log.js';
import { MAX_TEXT_CHARACTERS, type JobLogLine, type JobRun } from './job-run.js';
import type { JobOutcome } from './judge-attempt.js';

/** An attempt under way. */
export interface Performing {
  readonly outcome: Promise<JobOutcome>;
  /** Ends it: the job is told, and not waited for. */
  end(outcome: JobOutcome): void;
  /** What it wrote since the last time. */
  lines(): JobLogLine[];
  /** Those that were taken last could not be kept. */
  giveBackLines(): void;
}

/** Runs a job once. `settled`: how it ended already, without being run. */
export function perform(
  { db, clock }: { readonly db: mongo.Db; readonly clock: Clock },
  job: Job,
  run: JobRun,
  settled: JobOutcome | null,
): Performing {
  const ending = new AbortController();
  const log = new JobLog(clock, run.attempts);
  let settle: (outcome: JobOutcome) => void = () => {};
  const outcome = new Promise<JobOutcome>((resolve) => (settle = resolve));
  const end = (what: JobOutcome) => {
    settle(what);
    ending.abort();
  };
  if (settled) end(settled);
  else void work();
  return {
    outcome,
    end,
    lines: () => log.take(),
    giveBackLines: () => log.giveBack(),
  };

  async function work(): Promise<void> {
    const inTime = new AbortController();
    void clock.sleep(job.timeoutMs, inTime.signal).then(() => {
      if (!inTime.signal.aborted) end({ kind: 'timed-out' });
    });
    try {
      const record = await eventRecords(db).findOne({ _id: run.record });
      if (!record) throw new Error(`its event ${run.record} is not kept any more`);
      const event = await toldRecord(db, record);
      const { _id: id, attempts: attempt } = run;
      await job.run({ event, run: { id, attempt }, signal: ending.signal, log: log.write });
      end({ kind: 'done' });
    } catch (error) {
      end({ kind: 'threw', error: messageOf(error).slice(0, MAX_TEXT_CHARACTERS) });
    } finally {
      inTime.abort();
    }
  }
}
