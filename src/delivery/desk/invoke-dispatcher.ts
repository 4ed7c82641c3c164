import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { inTransaction } from '../../store/transactions.js';
import type { Delivery } from './delivery.js';
import { eventRecords } from '../records/record-store.js';
import { deliveries } from './delivery-store.js';
import { insertNew } from './distribute-records.js';
import { newDelivery } from './new-delivery.js';
import { sendAnew } from './send-anew.js';
import { stillTold } from './take-back.js';
import { readDispatchers } from './turn-reads.js';

/** What became of a wish to invoke a dispatcher. */
export type InvokeOutcome =
  /** It is told, whether it was before or not. */
  | { readonly kind: 'due' | 'under-way'; readonly delivery: Delivery }
  | { readonly kind: 'unknown-dispatcher' | 'unknown-record' | 'disabled' }
  /** The dispatcher only sees events of its account. */
  | { readonly kind: 'other-account' }
  /** It is scheduled: until then it may be replaced. */
  | { readonly kind: 'not-due'; readonly deliverAt: Date }
  /** A fork dropped what it tells. */
  | { readonly kind: 'taken-back' };

interface InvokeDeps {
  readonly db: mongo.Db;
  readonly client: mongo.MongoClient;
  readonly clock: Pick<Clock, 'now'>;
  readonly wake: (desks: ReadonlySet<number>) => void;
}

/**
 * Has a dispatcher told of an event, whatever its filters say and whether it is for invoking by hand alone or not; both have
 * to be of one environment. One that was told already is told again, under the same id.
 */
export async function invokeDispatcher(
  { db, client, clock, wake }: InvokeDeps,
  dispatcherId: string,
  recordId: string,
  environment?: string,
): Promise<InvokeOutcome> {
  const dispatcher = (await readDispatchers(db, [dispatcherId])).get(dispatcherId);
  if (!dispatcher || (environment !== undefined && dispatcher.environment !== environment)) {
    return { kind: 'unknown-dispatcher' };
  }
  const record = await eventRecords(db).findOne({ _id: recordId, environment: dispatcher.environment });
  if (!record) return { kind: 'unknown-record' };
  if (!dispatcher.enabled) return { kind: 'disabled' };
  if (dispatcher.account !== null && dispatcher.account !== record.account) return { kind: 'other-account' };
  const now = new Date(clock.now());
  if (record.state === 'due' && record.deliverAt > now) return { kind: 'not-due', deliverAt: record.deliverAt };
  const made = newDelivery(record, dispatcher, now);
  const inserted = await inTransaction(client, async (session) => {
    const told = await stillTold(db, session, [record], now);
    return told.length === 0 ? null : (await insertNew(db, session, [made])).inserted;
  });
  if (inserted === null) {
    const isKept = await eventRecords(db).findOne({ _id: recordId }, { projection: { _id: 1 } });
    return { kind: isKept ? 'taken-back' : 'unknown-record' };
  }
  const outcome: InvokeOutcome | { readonly kind: 'unknown' } =
    inserted === 1
      ? { kind: 'due', delivery: (await deliveries(db).findOne({ _id: made._id })) ?? made }
      : await sendAnew(db, dispatcher.environment, made._id, now);
  if (outcome.kind === 'unknown') return { kind: 'unknown-record' };
  if (outcome.kind === 'due') wake(new Set([dispatcher.desk]));
  return outcome;
}
