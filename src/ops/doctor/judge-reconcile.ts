import { fail, ok, skipped, warn, type Judgement } from './finding.js';
import { counted, span } from './words.js';

const START_ONE = 'Start one: npm run reconcile-worker (an event worker does it as well, where none lives).';
/** So many passes may be left out, by a long one or a restart, before nobody is said to make them. */
const PASSES_LEFT_OUT = 3;
/** A pass over a large program takes longer than the time between two, in milliseconds. */
const PATIENCE_MS = 10 * 60_000;

/** A reconcile pass, as far as it is judged. */
export interface PassReading {
  readonly state: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly error: string | null;
  readonly counts: {
    readonly missing: number;
    readonly drifted: number;
    readonly orphaned: number;
    readonly repaired: number;
    /** Wrong, and not put right. */
    readonly left: number;
  };
}

/** The passes over a program. */
export interface PassesReading {
  /** Null: nobody reconciles by itself. */
  readonly schedule: string | null;
  readonly intervalMs: number;
  readonly last: PassReading | null;
  readonly lastDone: PassReading | null;
}

/** Whether documents are compared with their accounts as often as they should be, and what came of it. */
export function judgePasses({ schedule, intervalMs, last, lastDone }: PassesReading, nowMs: number): Judgement {
  if (!last) {
    return schedule === null
      ? skipped('RECONCILE_SCHEDULE is off, and no pass was ever asked for')
      : skipped(`no pass has begun on this database yet; RECONCILE_SCHEDULE is ${schedule}`);
  }
  const { missing, drifted, orphaned, repaired, left } = last.counts;
  const at = (last.endedAt ?? last.startedAt).getTime();
  const wrong = `${drifted} drifted, ${missing} missing, ${orphaned} orphaned; ${repaired} repaired, ${left} left`;
  const found = `${last.state} ${span(nowMs - at)} ago: ${wrong}`;
  if (last.state === 'failed') {
    return fail(
      `${found}; ${last.error ?? 'no reason given'}`,
      'See the lines of the chain and the database here; the next pass begins anew.',
    );
  }
  const doneAt = lastDone ? (lastDone.endedAt ?? lastDone.startedAt).getTime() : last.startedAt.getTime();
  const lateMs = PASSES_LEFT_OUT * intervalMs + PATIENCE_MS;
  if (schedule !== null && nowMs - doneAt > lateMs) {
    return warn(`${found}; none was completed for ${span(nowMs - doneAt)}`, START_ONE);
  }
  if (left > 0) {
    return warn(
      found,
      `${counted(left, 'document')} could not be put right: npm run audit names each (docs/audit.md).`,
    );
  }
  return ok(found);
}

/** Whether a process that reconciles lives. `holder` empty or null: the lease is nobody's. */
export function judgeReconciler(
  { holder, isAlive }: { readonly holder: string | null; readonly isAlive: boolean },
  schedule: string | null,
): Judgement {
  if (holder && isAlive) return ok(`${holder} reconciles`);
  if (schedule === null) return skipped('RECONCILE_SCHEDULE is off');
  return warn(holder ? `${holder} is gone` : 'nobody reconciles', START_ONE);
}

/** Documents that reconcile asked to have put right. */
export interface RepairsReading {
  readonly waiting: number;
  /** The first of those that were given up. */
  readonly failed: readonly { readonly collection: string; readonly key: string; readonly error: string }[];
}

/** Whether what was found wrong could be put right. */
export function judgeRepairs({ waiting, failed }: RepairsReading): Judgement {
  const [first] = failed;
  if (!first) return ok(waiting === 0 ? 'none is left' : `${waiting} under way`);
  const more = failed.length > 1 ? ` and ${failed.length - 1} more` : '';
  return warn(
    `${first.collection}/${first.key}${more} given up: ${first.error}`,
    'The collection refuses what the document should hold: a unique index or a validator of its own. Correct it; the next pass asks again.',
  );
}
