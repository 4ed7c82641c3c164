import type { mongo } from 'mongoose';
import { eventDispatchers } from './dispatcher-store.js';

/** Named at most, for whoever is told: with more, it is the number that matters. */
const NAMED = 20;

/** Dispatchers that were disabled because of their endpoints, and not by anybody. */
export async function findDisabledByUs(
  db: mongo.Db,
): Promise<{ readonly dispatcher: string; readonly environment: string; readonly reason: string }[]> {
  const found = await eventDispatchers(db)
    .find({ disabledReason: { $gt: '' } }, { projection: { environment: 1, dispatchableId: 1, disabledReason: 1 } })
    .limit(NAMED)
    .toArray();
  return found.map(({ environment, dispatchableId, disabledReason }) => ({
    ...{ dispatcher: dispatchableId, environment },
    reason: disabledReason ?? '',
  }));
}
