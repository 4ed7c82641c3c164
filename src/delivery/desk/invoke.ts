import type { Dispatchable, Dispatcher } from '../dispatchers/dispatcher.js';
import type { ToldRecord } from '../records/told-record.js';
import type { WebhookRequest } from '../webhooks/webhook-sender.js';
import type { WebhookOutcome } from '../webhooks/webhook-outcome.js';
import type { DeliveryAttempt } from './delivery.js';
import type { DueDelivery } from './delivery-store.js';
import { limitsOf } from './webhook-limits.js';

/** One event for one dispatcher. */
export interface Invocation {
  readonly delivery: Pick<DueDelivery, '_id' | 'messageId'>;
  readonly dispatcher: Dispatcher;
  readonly record: ToldRecord;
}

/** Tells a dispatcher of a record. Never rejects; ends soon after `signal` is aborted. */
export type Invoke = (invocation: Invocation, signal: AbortSignal) => Promise<WebhookOutcome>;

/** Invokes by HTTP: a job never gets here. */
export function invokeByWebhook(
  send: (request: WebhookRequest, signal: AbortSignal) => Promise<WebhookOutcome>,
): Invoke {
  return ({ delivery, dispatcher, record }, signal) => {
    const { dispatchable } = dispatcher;
    if (dispatchable.kind === 'job') throw new Error('a job is run, not sent');
    const { url, secrets } = dispatchable;
    const { timeoutMs } = limitsOf(dispatchable);
    return send(
      { url, secrets, messageId: delivery.messageId, body: webhookBody(record, dispatchable), timeoutMs },
      signal,
    );
  };
}

/** What an endpoint gets, as JSON: type, timestamp and data as Standard Webhooks has them, and what else is known. */
export function webhookBody(record: ToldRecord, dispatchable: Dispatchable): string {
  const { _id, eventId, name, timestamp, payload, context, source, account, isTest, commitment, follows } = record;
  return JSON.stringify({
    type: name,
    timestamp,
    data: payload,
    ...{ id: _id, eventId, source, context, account, isTest, commitment, follows },
    ...(dispatchable.kind === 'dynamic-trigger' ? { trigger: dispatchable.trigger } : {}),
  });
}

/** What is kept of a try that began at `at`; null: nothing came of it. */
export function attemptFrom(outcome: WebhookOutcome, number: number, at: Date): DeliveryAttempt | null {
  switch (outcome.kind) {
    case 'answered': {
      const { durationMs, status, body } = outcome;
      return { number, at, durationMs, status, response: body, error: null };
    }
    case 'no-answer':
      return { number, at, durationMs: outcome.durationMs, status: null, response: null, error: outcome.error };
    case 'forbidden':
      return { number, at, durationMs: null, status: null, response: null, error: outcome.error };
    case 'stopped':
      return null;
  }
}
