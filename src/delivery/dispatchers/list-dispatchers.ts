import type { mongo } from 'mongoose';
import type { Dispatchable, Dispatcher } from './dispatcher.js';
import { dispatcherFrom, type StoredDispatcher } from './dispatcher-definition.js';
import { eventDispatchers } from './dispatcher-store.js';

/** Which dispatchers of an environment a list shows; what is left out narrows nothing. */
export interface DispatcherFilter {
  /** The application's own name of one: there is one of it at most. */
  readonly dispatchableId?: string;
  /** A name of an event. */
  readonly event?: string;
  readonly source?: string;
  readonly account?: string;
  readonly kind?: Dispatchable['kind'];
  readonly enabled?: boolean;
  readonly manual?: boolean;
  readonly ids?: readonly string[];
}

/** Dispatchers in the order of their own names, from after the one named `after` on. */
export async function listDispatchers(
  db: mongo.Db,
  environment: string,
  { dispatchableId, event, kind, ids, ...equal }: DispatcherFilter,
  limit: number,
  after: string | null,
): Promise<Dispatcher[]> {
  const place = {
    ...(dispatchableId === undefined ? {} : { $eq: dispatchableId }),
    ...(after === null ? {} : { $gt: after }),
  };
  const where: mongo.Filter<StoredDispatcher> = {
    ...{ environment, ...equal },
    ...(event === undefined ? {} : { events: event }),
    ...(kind === undefined ? {} : { 'dispatchable.kind': kind }),
    ...(ids === undefined ? {} : { _id: { $in: [...ids] } }),
    ...(Object.keys(place).length === 0 ? {} : { dispatchableId: place }),
  };
  const stored = await eventDispatchers(db).find(where).sort({ dispatchableId: 1 }).limit(limit).toArray();
  return stored.map(dispatcherFrom);
}
