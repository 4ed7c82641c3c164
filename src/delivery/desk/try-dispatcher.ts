import { randomBytes } from 'node:crypto';
import type { Clock } from '../../lib/clock.js';
import { deskOf } from '../desk-number.js';
import type { Dispatcher } from '../dispatchers/dispatcher.js';
import type { EventRecord } from '../records/event-record.js';
import type { ToldRecord } from '../records/told-record.js';
import { isSuccess } from '../webhooks/judge-outcome.js';
import type { WebhookOutcome } from '../webhooks/webhook-outcome.js';
import type { Invoke } from './invoke.js';

/** What came of a test. */
export type TestOutcome =
  | { readonly kind: 'sent'; readonly messageId: string; readonly outcome: WebhookOutcome }
  /** A job is not told over HTTP: invoke it with an event instead. */
  | { readonly kind: 'not-by-http' };

interface TryDeps {
  readonly invoke: Invoke;
  /** The record as it is told. */
  readonly tell: (record: EventRecord) => Promise<ToldRecord>;
  readonly clock: Pick<Clock, 'now'>;
  /** Whatever bad is known of its endpoint holds no longer. */
  readonly noteMended: (dispatcher: Dispatcher) => Promise<void>;
}

/**
 * Tells an endpoint of a test event now and says what it answered; enabled or not. Nothing is stored, and nothing but a success
 * says anything of how the endpoint is: who mended it need not wait until it is tried again.
 */
export async function tryDispatcher(
  { invoke, tell, clock, noteMended }: TryDeps,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<TestOutcome> {
  if (dispatcher.dispatchable.kind === 'job') return { kind: 'not-by-http' };
  const record = testRecord(dispatcher, new Date(clock.now()));
  const delivery = { _id: `${record._id}/${dispatcher._id}`, messageId: record._id };
  const outcome = await invoke({ delivery, dispatcher, record: await tell(record) }, signal);
  if (isSuccess(outcome)) await noteMended(dispatcher);
  return { kind: 'sent', messageId: record._id, outcome };
}

function testRecord({ environment, events, source, account }: Dispatcher, now: Date): EventRecord {
  const _id = `evt_test${randomBytes(10).toString('hex')}`;
  return {
    ...{ _id, eventId: _id, environment, name: events[0] ?? 'test', source, timestamp: now, account },
    ...{ payload: { test: true }, context: {}, isTest: true, commitment: null, follows: null },
    ...{ state: 'delivered', deliverAt: now, deliveredAt: now, desk: deskOf(_id), createdAt: now, updatedAt: now },
  };
}
