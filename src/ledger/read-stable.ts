import type { mongo } from 'mongoose';
import { ledgerEvents, recordFrom, type StoredRecord } from './ledger-collections.js';
import type { LedgerRecord } from './ledger-record.js';
import { BEFORE_ALL, compareEvents, placeOf, type StreamPlace } from './stream-place.js';

/** Which events of a program: of these names; null: all. */
export interface StableFilter {
  readonly program: string;
  readonly names: readonly string[] | null;
}

/** Some events in the chain's order, and the place they reach. */
export interface StablePage {
  readonly records: readonly LedgerRecord[];
  readonly reached: StreamPlace;
}

/**
 * The next final events after a place, up to and including `toSlot`, at most `limit`. Read by slot, where the ledger has an
 * index, and put in order here; a slot that does not fit is read by itself.
 */
export async function readStablePage(
  db: mongo.Db,
  filter: StableFilter,
  after: StreamPlace,
  toSlot: number,
  limit: number,
): Promise<StablePage> {
  if (after.within !== null) return readWithinSlot(db, filter, after, limit);
  const found = await read(db, { slot: { $gt: after.slot, $lte: toSlot }, ...whereOf(filter) }, SLOT_ORDER, limit + 1);
  const cut = found.length > limit ? found.at(-1)?.slot : undefined;
  if (cut === undefined) return { records: found.sort(compareEvents), reached: { slot: toSlot, within: null } };
  const whole = found.filter(({ slot }) => slot < cut);
  if (whole.length === 0) return readWithinSlot(db, filter, { slot: cut, within: BEFORE_ALL }, limit);
  return { records: whole.sort(compareEvents), reached: { slot: cut - 1, within: null } };
}

/** Those of these events that are final by now, in the order of `ids`. */
export async function readFinalById(
  db: mongo.Db,
  filter: StableFilter,
  ids: readonly string[],
): Promise<LedgerRecord[]> {
  const found = await read(db, { _id: { $in: [...ids] }, ...whereOf(filter) }, null, ids.length);
  const byId = new Map(found.map((record) => [record._id, record]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

const SLOT_ORDER = { slot: 1, _id: 1 } as const;
const ORDER_WITHIN = { index: 1, signature: 1, place: 1, _id: 1 } as const;

async function readWithinSlot(
  db: mongo.Db,
  filter: StableFilter,
  { slot, within }: StreamPlace,
  limit: number,
): Promise<StablePage> {
  const [index, signature, place, id] = within ?? BEFORE_ALL;
  const later = [
    { index: { $gt: index } },
    { index, signature: { $gt: signature } },
    { index, signature, place: { $gt: place } },
    { index, signature, place, _id: { $gt: id } },
  ];
  const found = await read(db, { slot, ...whereOf(filter), $or: later }, ORDER_WITHIN, limit + 1);
  const records = found.slice(0, limit);
  const last = records.at(-1);
  return { records, reached: found.length > limit && last ? placeOf(last) : { slot, within: null } };
}

/** Final events, whatever our handlers made of them: that they happened is the chain's to say. */
function whereOf({ program, names }: StableFilter): mongo.Document {
  return {
    ...{ program, kind: 'event', commitment: 'finalized', state: { $ne: 'orphaned' } },
    ...(names === null ? {} : { name: { $in: [...names] } }),
  };
}

async function read(
  db: mongo.Db,
  where: mongo.Document,
  sort: Readonly<Record<string, 1>> | null,
  limit: number,
): Promise<LedgerRecord[]> {
  const cursor = ledgerEvents(db).find(where as mongo.Filter<StoredRecord>, { limit, batchSize: limit + 1 });
  const stored = await (sort === null ? cursor : cursor.sort({ ...sort })).toArray();
  return stored.map(recordFrom);
}
