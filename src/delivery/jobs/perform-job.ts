import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/errors.js';
import { toJson } from '../../lib/json.js';
import { eventRecords } from '../records/record-store.js';
import type { Job } from './define-job.js';
import type { JobLogLine, JobRun } from './job-run.js';
import type { JobOutcome } from './judge-attempt.js';

/** An attempt under way. */
export interface Performing {
  readonly outcome: Promise<JobOutcome>;
  /** Ends it: the job is told, and not waited for. */
  end(outcome: JobOutcome): void;
  /** What it wrote since the last time. */
  lines(): JobLogLine[];
}

/** Characters of a line, and of its data, that are kept. */
const LINE_CHARACTERS = 2_000;
const DATA_CHARACTERS = 8_000;
/** Lines of one attempt between two looks; more are left out, and counted. */
const LINES_AT_ONCE = 200;

/** Runs a job once. `settled`: how it ended already, without being run. */
export function perform(
  { db, clock }: { readonly db: mongo.Db; readonly clock: Clock },
  job: Job,
  run: JobRun,
  settled: JobOutcome | null,
): Performing {
  const ending = new AbortController();
  let lines: JobLogLine[] = [];
  let leftOut = 0;
  let settle: (outcome: JobOutcome) => void = () => {};
  const outcome = new Promise<JobOutcome>((resolve) => (settle = resolve));
  const end = (what: JobOutcome) => {
    settle(what);
    ending.abort();
  };
  const log = (message: string, data?: unknown) => {
    if (lines.length >= LINES_AT_ONCE) {
      leftOut += 1;
      return;
    }
    const text = data === undefined ? null : (toJson(data) ?? null);
    lines.push({
      ...{ at: new Date(clock.now()), attempt: run.attempts, message: String(message).slice(0, LINE_CHARACTERS) },
      data: text?.slice(0, DATA_CHARACTERS) ?? null,
    });
  };
  if (settled) end(settled);
  else void work();
  return {
    outcome,
    end,
    lines: () => {
      const taken = lines;
      if (leftOut > 0) log(`${leftOut} lines were left out`);
      [lines, leftOut] = [[], 0];
      return taken;
    },
  };

  async function work(): Promise<void> {
    const inTime = new AbortController();
    void clock.sleep(job.timeoutMs, inTime.signal).then(() => {
      if (!inTime.signal.aborted) end({ kind: 'timed-out' });
    });
    try {
      const event = await eventRecords(db).findOne({ _id: run.record });
      if (!event) throw new Error(`its event ${run.record} is not kept any more`);
      const { _id: id, attempts: attempt } = run;
      await job.run({ event, run: { id, attempt }, signal: ending.signal, log });
      end({ kind: 'done' });
    } catch (error) {
      end({ kind: 'threw', error: messageOf(error) });
    } finally {
      inTime.abort();
    }
  }
}
