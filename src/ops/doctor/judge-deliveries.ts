import { fail, ok, warn, type Judgement } from './finding.js';
import { counted, listed, span } from './words.js';

const START = 'Start one: npm run delivery-worker, or npm run worker, which delivers as well (docs/deliveries.md).';

/** What has not left, and who would see to it. */
export interface OwedDeliveriesReading {
  /** Processes that deliver, as far as they show that they live. */
  readonly workers: number;
  /** Due and not under way. */
  readonly due: number;
  /** Of these, due for longer than it takes to tell them. */
  readonly late: number;
  /** Since the first of them was due, in milliseconds. */
  readonly oldestMs: number;
  /** Events whose moment has come, and whose dispatchers are not known yet. */
  readonly events: number;
  readonly oldestEventMs: number;
}

/** Whether somebody delivers while something is to be delivered. */
export function judgeDelivering({ workers, due, events }: OwedDeliveriesReading): Judgement {
  if (workers > 0) return ok(counted(workers, 'process', 'processes'));
  if (due + events === 0) return ok('no process delivers, and nothing is due');
  return fail(`no process delivers, and ${owed({ due, events })}`, START);
}

/** Whether what is due leaves. That nobody sees to it is another line's to say. */
export function judgeOwedDeliveries(reading: OwedDeliveriesReading): Judgement {
  const { due, late, oldestMs, events, oldestEventMs, workers } = reading;
  if (due + events === 0) return ok('none');
  const oldest = `the oldest for ${span(Math.max(oldestMs, oldestEventMs))}`;
  if (workers === 0) return warn(`${owed(reading)}, ${oldest}`, START);
  if (late > 0) {
    return warn(
      `${counted(due, 'delivery', 'deliveries')} due, ${late} of them late, the oldest for ${span(oldestMs)}`,
      'GET /api/deliveries?state=due says of which dispatchers, and GET /api/dispatchers which of them rest (restsUntil): mend those endpoints. Where none rests, they are slow or there is too much: start another npm run delivery-worker.',
    );
  }
  if (events > 0) {
    return warn(
      `${counted(events, 'event')} late on the way to their dispatchers, the oldest for ${span(oldestEventMs)}`,
      'See what the log of the delivery worker says: it cannot distribute them, or there is too much; then start another npm run delivery-worker.',
    );
  }
  return ok(`${counted(due, 'delivery', 'deliveries')} due, none late`);
}

function owed({ due, events }: Pick<OwedDeliveriesReading, 'due' | 'events'>): string {
  const parts = [
    ...(due > 0 ? [counted(due, 'delivery', 'deliveries')] : []),
    ...(events > 0 ? [counted(events, 'event')] : []),
  ];
  return `${parts.join(' and ')} ${due + events === 1 ? 'is' : 'are'} due`;
}

/** A dispatcher that nobody asked to be disabled. */
export interface DisabledReading {
  readonly dispatcher: string;
  readonly reason: string;
}

/** Whether an endpoint was given up. */
export function judgeDisabled(disabled: readonly DisabledReading[]): Judgement {
  if (disabled.length === 0) return ok('none');
  return warn(
    listed(disabled.map(({ dispatcher, reason }) => `${dispatcher} (${reason})`)),
    'Their endpoints answered 410 or failed for days. Mend them, then POST /api/dispatchers/{id}/enable and …/resend-failed, or remove the dispatcher (docs/dispatchers.md).',
  );
}

/** Runs of one version of a job that are not over. */
export interface VersionReading {
  /** `<job>@<version>`. */
  readonly handler: string;
  readonly runs: number;
  /** Since the first of them was due, in milliseconds. */
  readonly oldestMs: number;
  /** A process that lives has it. */
  readonly isServed: boolean;
}

/** Whether runs wait for a version that nobody has. */
export function judgeVersions(versions: readonly VersionReading[]): Judgement {
  const missing = versions.filter(({ isServed }) => !isServed);
  if (missing.length === 0) {
    const runs = versions.reduce((sum, one) => sum + one.runs, 0);
    return ok(runs === 0 ? 'no runs wait' : `${counted(runs, 'open run')}, each of a version that a process has`);
  }
  const each = missing.map(
    ({ handler, runs, oldestMs }) => `${handler} has ${counted(runs, 'run')}, due for ${span(oldestMs)}`,
  );
  return warn(
    `no process has ${missing.length === 1 ? 'a version that runs wait for' : 'versions that runs wait for'}: ${listed(each)}`,
    'Start a delivery worker whose MOORING_DOMAINS exports them, or end the runs: GET /api/job-runs?job=…, then POST /api/job-runs/{id}/cancel.',
  );
}
