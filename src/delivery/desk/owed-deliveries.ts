import type { mongo } from 'mongoose';
import { DESKS } from '../desk-number.js';
import { eventRecords } from '../records/record-store.js';
import { countOpenDeliveries } from './count-deliveries.js';

/** What is due at all desks together; counted up to a bound at each. */
export interface OwedDeliveries {
  readonly due: number;
  readonly late: number;
  readonly oldestDueAt: Date | null;
  /** Late on the way to their dispatchers. */
  readonly events: number;
  readonly oldestEventAt: Date | null;
}

/** Counted at each desk, of events: it is to be known whether there are many, not how many. */
const COUNTED_AT_MOST = 1_000;

/** Reads what is due. Late is what was due before `lateBefore`. */
export async function readOwedDeliveries(db: mongo.Db, now: Date, lateBefore: Date): Promise<OwedDeliveries> {
  const desks = await Promise.all(Array.from({ length: DESKS }, (_, desk) => atDesk(db, desk, now, lateBefore)));
  const sum = (of: (one: (typeof desks)[number]) => number) => desks.reduce((total, one) => total + of(one), 0);
  return {
    due: sum(({ due }) => due),
    late: sum(({ late }) => late),
    oldestDueAt: earliest(desks.map(({ oldestDueAt }) => oldestDueAt)),
    events: sum(({ events }) => events),
    oldestEventAt: earliest(desks.map(({ oldestEventAt }) => oldestEventAt)),
  };
}

async function atDesk(db: mongo.Db, desk: number, now: Date, lateBefore: Date) {
  const undistributed = { desk, state: 'due' as const, deliverAt: { $lte: lateBefore } };
  const [open, late, events, first] = await Promise.all([
    countOpenDeliveries(db, desk, now),
    countOpenDeliveries(db, desk, lateBefore),
    eventRecords(db).countDocuments(undistributed, { limit: COUNTED_AT_MOST }),
    eventRecords(db).findOne(undistributed, { sort: { deliverAt: 1 }, projection: { deliverAt: 1 } }),
  ]);
  return { ...open, late: late.due, events, oldestEventAt: first?.deliverAt ?? null };
}

function earliest(dates: readonly (Date | null)[]): Date | null {
  return dates.reduce((first, one) => (first && (!one || first <= one) ? first : one), null);
}
