import type { mongo } from 'mongoose';
import { eventDispatchers } from '../../dispatchers/dispatcher-store.js';
import { environments } from '../../environments/environment-store.js';
import { CHAIN_SOURCE } from '../send-event.js';

/** Ids of environments in which somebody hears of a program's events, by what they hear. */
export interface ChainListeners {
  readonly confirmed: readonly string[];
  readonly finalized: readonly string[];
}

/**
 * Where a program's events are to be told: in environments that get them, and have an enabled dispatcher of them. The rest
 * cost nothing.
 */
export async function readListeners(db: mongo.Db, program: string): Promise<ChainListeners> {
  // Names that begin so, by their index: from the dot to the character after it. For a regular expression SecantusDB, whose
  // Python server stands in for MongoDB in development, finds nothing where an index holds lists.
  const heard = {
    events: { $elemMatch: { $gte: `${program}.`, $lt: `${program}/` } },
    source: CHAIN_SOURCE,
    enabled: true,
  };
  const [confirmed, finalized] = await Promise.all(
    (['confirmed', 'finalized'] as const).map((commitment) =>
      eventDispatchers(db).distinct('environment', { ...heard, commitment }),
    ),
  );
  const ids = [...new Set([...(confirmed ?? []), ...(finalized ?? [])])];
  if (ids.length === 0) return { confirmed: [], finalized: [] };
  const getting = await environments(db)
    .find({ _id: { $in: ids } })
    .toArray();
  const gets = new Set(getting.filter(({ chain }) => chain.programs?.includes(program) ?? true).map(({ _id }) => _id));
  const those = (environments: readonly string[] = []) => environments.filter((environment) => gets.has(environment));
  return { confirmed: those(confirmed), finalized: those(finalized) };
}
