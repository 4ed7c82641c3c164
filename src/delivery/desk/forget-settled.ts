import type { mongo } from 'mongoose';
import { versionOf } from '../../ledger/commit-log.js';
import { ledgerEvents, recordFrom } from '../../ledger/ledger-collections.js';
import { JOB_RUN_STATES, jobRuns } from '../jobs/job-run.js';
import type { EventRecord } from '../records/event-record.js';
import { eventRecords } from '../records/record-store.js';
import { takingBackId } from '../records/relay/chain-record.js';
import { DELIVERY_STATES, OPEN_DELIVERY_STATES } from './delivery.js';
import { deliveries } from './delivery-store.js';
import { isSettled } from './judge-settled.js';

/** What forgetting needs. */
export interface ForgetDeps {
  readonly db: mongo.Db;
  /** Runs in a transaction: of the lease of the desk. */
  readonly commit: <T>(body: (session: mongo.ClientSession) => Promise<T>) => Promise<T>;
}

/** Where a look at the records of a desk goes on. */
export type ForgetPlace = Pick<EventRecord, '_id'> & { readonly deliveredAt: Date };

/** What one bite did. */
export interface Forgotten {
  readonly records: number;
  /** Null: everything of this desk that is old enough was looked at. */
  readonly next: ForgetPlace | null;
}

type OldRecord = Pick<EventRecord, '_id' | 'eventId' | 'environment' | 'commitment' | 'takenBack'> & {
  readonly deliveredAt: Date;
  readonly context: unknown;
};

/** Records looked at in one bite. */
const BITE = 100;
const OLD_RECORD = { eventId: 1, environment: 1, commitment: 1, takenBack: 1, deliveredAt: 1, 'context.eventId': 1 };
const ENDED_DELIVERIES = DELIVERY_STATES.filter((state) => !OPEN_DELIVERY_STATES.some((open) => open === state));
const ENDED_RUNS = JOB_RUN_STATES.filter((state) => state !== 'due' && state !== 'running');

/**
 * Removes what is over since before `before` of the records of one desk, from `place` on: runs and deliveries first, and a
 * record once none of it is left, so that its id is known for as long as anything of it. Whoever is killed in the middle leaves
 * a record that the next look finds again. Never a run without its delivery: one that is made anew meanwhile would count its
 * tries from the start, and give the job a run whose id is taken.
 */
export async function forgetSettled(
  { db, commit }: ForgetDeps,
  desk: number,
  before: Date,
  place: ForgetPlace | null,
): Promise<Forgotten> {
  const page = await readOld(db, desk, before, place);
  const last = page.at(-1);
  const next = page.length < BITE || !last ? null : { _id: last._id, deliveredAt: last.deliveredAt };
  const settled = await findSettled(db, page, before);
  if (settled.length === 0) return { records: 0, next };
  const over = { record: { $in: settled }, endedAt: { $lte: before } };
  await jobRuns(db).deleteMany({ ...over, state: { $in: ENDED_RUNS } });
  await deliveries(db).deleteMany({ ...over, state: { $in: ENDED_DELIVERIES } });
  const records = await commit(async (session) => {
    // Somebody may have had one of them told anew meanwhile.
    const needed = new Set([
      ...(await recordsOf(deliveries(db), { record: { $in: settled } }, session)),
      ...(await recordsOf(jobRuns(db), { record: { $in: settled } }, session)),
    ]);
    const unneeded = settled.filter((id) => !needed.has(id));
    if (unneeded.length === 0) return 0;
    const { deletedCount } = await eventRecords(db).deleteMany(
      { _id: { $in: unneeded }, state: 'delivered' },
      { session },
    );
    return deletedCount;
  });
  return { records, next };
}

async function readOld(
  db: mongo.Db,
  desk: number,
  before: Date,
  place: ForgetPlace | null,
): Promise<readonly OldRecord[]> {
  const from =
    place === null
      ? {}
      : {
          $or: [
            { deliveredAt: { $gt: place.deliveredAt } },
            { deliveredAt: place.deliveredAt, _id: { $gt: place._id } },
          ],
        };
  const found = await eventRecords(db)
    .find(
      {
        ...{ desk, state: 'delivered' as const, ...from },
        deliveredAt: { $lte: before, ...(place && { $gte: place.deliveredAt }) },
      },
      { projection: OLD_RECORD },
    )
    .sort({ deliveredAt: 1, _id: 1 })
    .limit(BITE)
    .toArray();
  return found.flatMap((one) => (one.deliveredAt ? [{ ...one, deliveredAt: one.deliveredAt }] : []));
}

async function findSettled(db: mongo.Db, page: readonly OldRecord[], before: Date): Promise<string[]> {
  if (page.length === 0) return [];
  const ids = page.map(({ _id }) => _id);
  const confirmed = page.filter(({ commitment, takenBack }) => commitment === 'confirmed' && !takenBack);
  const lately = { endedAt: { $gt: before } };
  const [ofDeliveries, ofRuns, takingBack, chain] = await Promise.all([
    recordsOf(deliveries(db), { record: { $in: ids }, $or: [{ state: { $in: [...OPEN_DELIVERY_STATES] } }, lately] }),
    recordsOf(jobRuns(db), { record: { $in: ids }, $or: [{ state: { $in: ['due', 'running'] } }, lately] }),
    readTakingBack(db, confirmed),
    readChain(db, confirmed),
  ]);
  const owed = new Set([...ofDeliveries, ...ofRuns, ...takingBack]);
  return page
    .filter((record) =>
      isSettled({ record, isOwed: owed.has(record._id), chain: chain.get(ledgerIdOf(record) ?? '') ?? null }),
    )
    .map(({ _id }) => _id);
}

/** Those of these confirmed records that a record takes back which is not distributed yet. */
async function readTakingBack(db: mongo.Db, confirmed: readonly OldRecord[]): Promise<string[]> {
  if (confirmed.length === 0) return [];
  const eventIds = confirmed.map(({ eventId }) => takingBackId(eventId));
  const due = await eventRecords(db)
    .find({ eventId: { $in: eventIds }, state: 'due' }, { projection: { follows: 1 } })
    .toArray();
  return due.flatMap(({ follows }) => follows ?? []);
}

/** What the ledger knows of the events of these records now, by their ids there. */
async function readChain(db: mongo.Db, confirmed: readonly OldRecord[]) {
  const ids = confirmed.flatMap((record) => ledgerIdOf(record) ?? []);
  if (ids.length === 0) return new Map<string, { version: string; isFinal: boolean }>();
  const found = await ledgerEvents(db)
    .find({ _id: { $in: ids } }, { projection: { generation: 1, commitment: 1, state: 1 } })
    .toArray();
  return new Map(
    found.map((stored) => {
      const event = recordFrom(stored);
      const isFinal = event.commitment === 'finalized' && event.state !== 'orphaned';
      return [event._id, { version: versionOf(event), isFinal }];
    }),
  );
}

function ledgerIdOf({ context }: Pick<OldRecord, 'context'>): string | null {
  const { eventId } = (context ?? {}) as { readonly eventId?: unknown };
  return typeof eventId === 'string' ? eventId : null;
}

async function recordsOf<T extends { readonly record: string }>(
  collection: mongo.Collection<T>,
  filter: mongo.Document,
  session?: mongo.ClientSession,
): Promise<string[]> {
  const found = await collection
    .find(filter as mongo.Filter<T>, { projection: { record: 1 }, ...(session ? { session } : {}) })
    .toArray();
  return found.map(({ record }) => record);
}
