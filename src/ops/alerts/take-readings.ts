import type { mongo } from 'mongoose';
import { commitUnderLease } from '../../leases/lease-transaction.js';
import type { LeaseWork } from '../../leases/lease-work.js';
import type { Clock } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import { clearAlert, raiseAlert, readFiring } from '../alert-store.js';
import { changeOf, holdOn, type Held, type Hold } from './hysteresis.js';
import type { AlertKind, Reading } from './rules.js';

/** What a watch remembers between two looks, by alert: what fires is in the database alone. */
export type HeldConditions = Map<string, Held>;

interface TakeDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly holdMs: number;
}

/**
 * Stores what one look changes, under the lease of the watch, and logs it.
 * @throws StaleFenceError when another process watches by now: nothing was changed then.
 */
export async function takeReadings(
  { db, clock, log, holdMs }: TakeDependencies,
  work: LeaseWork,
  conditions: HeldConditions,
  readings: readonly Reading[],
): Promise<void> {
  const firing = await readFiring(
    db,
    readings.map(({ id }) => id),
  );
  for (const { id, kind, program, message, condition, details } of readings) {
    const nowMs = clock.monotonic();
    const held = holdOn(conditions.get(id) ?? null, condition, nowMs);
    conditions.set(id, held);
    const change = changeOf(firing.has(id), held, nowMs, holdOf(kind, holdMs));
    if (!change) continue;
    const now = new Date(clock.now());
    await commitUnderLease(db, work, (session) =>
      change === 'fire'
        ? raiseAlert(db, session, { id, kind, program, message, details }, now)
        : clearAlert(db, session, id, now),
    );
    if (change === 'fire') log.error({ alert: id, ...details }, message);
    else log.info({ alert: id, ...details }, `cleared: ${message}`);
  }
}

/**
 * A count is its own hold: so many errors in a row are no accident, and what is dead
 * or disabled was tried for long enough.
 */
const AT_ONCE: ReadonlySet<AlertKind> = new Set(['handler-errors', 'dead-events', 'dispatchers-disabled']);

function holdOf(kind: AlertKind, holdMs: number): Hold {
  return { fireAfterMs: AT_ONCE.has(kind) ? 0 : holdMs, clearAfterMs: holdMs };
}
