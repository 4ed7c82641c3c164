import type { mongo } from 'mongoose';
import { DESKS } from '../desk-number.js';
import type { Dispatcher } from '../dispatchers/dispatcher.js';
import { dispatcherFrom } from '../dispatchers/dispatcher-definition.js';
import { eventDispatchers } from '../dispatchers/dispatcher-store.js';
import { jobRuns, type JobRun } from '../jobs/job-run.js';
import { eventRecords } from '../records/record-store.js';
import { toldRecords, type ToldRecord } from '../records/told-record.js';
import { deliveries, readTurn, type DueDelivery } from './delivery-store.js';
import type { Delivery } from './delivery.js';
import { lineOf } from './judge-order.js';

/** Dispatchers by id, as they are now. */
export async function readDispatchers(db: mongo.Db, ids: readonly string[]): Promise<ReadonlyMap<string, Dispatcher>> {
  const stored = await byId(eventDispatchers(db), ids);
  return new Map([...stored].map(([id, dispatcher]) => [id, dispatcherFrom(dispatcher)]));
}

/** Which endpoints these dispatchers have now (`endpointRevision`), by their ids. */
export async function readEndpointRevisions(
  db: mongo.Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const stored = await byId(eventDispatchers(db), ids, { endpointRevision: 1 });
  return new Map([...stored].map(([id, { endpointRevision = 0 }]) => [id, endpointRevision]));
}

/** Records by id, as they are told. */
export async function readRecords(db: mongo.Db, ids: readonly string[]): Promise<ReadonlyMap<string, ToldRecord>> {
  const found = await byId(eventRecords(db), ids);
  return new Map((await toldRecords(db, [...found.values()])).map((record) => [record._id, record]));
}

/** The runs that these deliveries wait for, by id. */
export function readRuns(
  db: mongo.Db,
  due: readonly DueDelivery[],
): Promise<ReadonlyMap<string, Pick<JobRun, '_id' | 'state' | 'error'>>> {
  const ids = due.flatMap(({ run }) => (run === null ? [] : [run]));
  return byId(jobRuns(db), ids, { state: 1, error: 1 });
}

/** Whose turn it is in the lines of these deliveries. */
export async function readTurns(
  db: mongo.Db,
  ordered: readonly DueDelivery[],
): Promise<ReadonlyMap<string, Pick<Delivery, '_id' | 'state'> | null>> {
  const lines = new Map(ordered.map((delivery) => [lineOf(delivery), delivery]));
  return new Map(
    await Promise.all([...lines].map(async ([line, delivery]) => [line, await readTurn(db, delivery)] as const)),
  );
}

/** Who waits first in each of these lines. */
export async function readWaiting(
  db: mongo.Db,
  ended: readonly DueDelivery[],
): Promise<ReadonlyMap<string, Pick<Delivery, '_id' | 'position'> | null>> {
  const lines = new Map(ended.map((delivery) => [lineOf(delivery), delivery]));
  return new Map(
    await Promise.all(
      [...lines].map(async ([line, { dispatcher, orderKey }]) => {
        const filter = { dispatcher, orderKey, state: 'waiting' as const };
        return [
          line,
          await deliveries(db).findOne(filter, { sort: { position: 1 }, projection: { position: 1 } }),
        ] as const;
      }),
    ),
  );
}

/** The moment of the earliest record that is due and has no deliveries yet, of whatever desk; Infinity: there is none. */
export async function readTold(db: mongo.Db, nowMs: number): Promise<number> {
  const due = { state: 'due' as const, deliverAt: { $lte: new Date(nowMs) } };
  const earliest = await Promise.all(
    Array.from({ length: DESKS }, (_, desk) =>
      eventRecords(db).findOne({ desk, ...due }, { sort: { deliverAt: 1 }, projection: { deliverAt: 1 } }),
    ),
  );
  return Math.min(...earliest.map((record) => record?.deliverAt.getTime() ?? Infinity));
}

async function byId<T extends { readonly _id: string }>(
  collection: mongo.Collection<T>,
  ids: readonly string[],
  projection: mongo.Document = {},
): Promise<ReadonlyMap<string, T>> {
  if (ids.length === 0) return new Map();
  const filter = { _id: { $in: [...new Set(ids)] } } as mongo.Filter<T>;
  const found = await collection.find(filter, { projection }).toArray();
  return new Map(found.map((one) => [one._id, one as T]));
}
