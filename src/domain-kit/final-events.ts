import type { mongo } from 'mongoose';
import { touchOf } from '../ledger/ledger-record.js';
import { readTouching } from '../ledger/read-records.js';
import type { Model } from './model.js';
import type { ProgramEvent } from './program-event.js';

/**
 * What happened for good to the document of this address, in no order. Documents show what is confirmed already; what is said
 * to somebody who cannot be told otherwise later goes by these (I7).
 */
export async function readFinalEvents(
  db: mongo.Db,
  { collection }: Pick<Model, 'collection'>,
  address: string,
  session?: mongo.ClientSession,
): Promise<ProgramEvent[]> {
  const records = await readTouching(db, [touchOf(collection, address)], session);
  return records
    .filter(({ kind, commitment }) => kind === 'event' && commitment === 'finalized')
    .map(({ _id: id, name, signature, slot, data }) => ({ id, name, signature, slot, data }));
}
