import type { mongo } from 'mongoose';
import type { Dispatcher } from './dispatcher.js';
import { dispatcherFrom, type StoredDispatcher } from './dispatcher-definition.js';
import { eventDispatchers } from './dispatcher-store.js';
import type { Addressed } from './who-gets.js';

/** What the index says of an event. */
export type CandidateQuestion = Pick<Addressed, 'environment' | 'name' | 'source' | 'account'>;

/**
 * The dispatchers that an event may reach: those of its environment, name and source that are enabled, not manual, and of
 * its account or of none. Whether it reaches them is said by `whoGets`. Read by one index.
 */
export async function findCandidates(
  db: mongo.Db,
  question: CandidateQuestion,
  session?: mongo.ClientSession,
): Promise<Dispatcher[]> {
  const found = await eventDispatchers(db)
    .aggregate<StoredDispatcher>(candidatePipeline(question), session ? { session } : {})
    .toArray();
  return found.map(dispatcherFrom);
}

/**
 * What the index says is one stage and the rest another: see src/ledger/find-by-index.ts. Its first key is the name of the
 * event, which alone sets dispatchers of one environment apart.
 */
export function candidatePipeline({ environment, name, source, account }: CandidateQuestion): mongo.Document[] {
  const accounts = account === null ? [null] : [null, account];
  return [
    { $match: { events: name, environment, source, account: { $in: accounts } } },
    { $match: { $or: [{ enabled: true, manual: false }] } },
  ];
}
