import type { Dispatchable } from '../dispatchers/dispatcher.js';

/** What an endpoint bears. */
export interface WebhookLimits {
  readonly concurrency: number;
  readonly ratePerSecond: number | null;
  readonly timeoutMs: number;
}

/** Of those that say nothing of it. */
const USUAL: WebhookLimits = { concurrency: 5, ratePerSecond: null, timeoutMs: 20_000 };

/** The limits of whatever is invoked; a job's are its own affair. */
export function limitsOf(dispatchable: Dispatchable): WebhookLimits {
  if (dispatchable.kind !== 'webhook') return USUAL;
  const { concurrency, ratePerSecond, timeoutMs } = dispatchable;
  return { concurrency, ratePerSecond, timeoutMs };
}
