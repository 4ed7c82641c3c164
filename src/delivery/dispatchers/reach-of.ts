import type { mongo } from 'mongoose';
import type { EventRecord } from '../records/event-record.js';
import type { Dispatcher } from './dispatcher.js';
import { findCandidates } from './find-candidates.js';
import { whoGets } from './who-gets.js';

/** The dispatchers that an event reaches now. */
export async function reachOf(db: mongo.Db, record: EventRecord): Promise<readonly Dispatcher[]> {
  return whoGets(record, await findCandidates(db, record)).reached;
}
