import { pauseAfter } from '../retry-schedule.js';
import type { WebhookOutcome, WebhookVerdict } from './webhook-outcome.js';

/** The receiver wants nothing more, ever. */
const GONE = 410;
/** The receiver is overloaded, or whoever stands before it cannot reach it. */
const SLOW_DOWN: readonly number[] = [429, 502, 504];

/** Whether it took what it was told. */
export function isSuccess(outcome: WebhookOutcome): boolean {
  return outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;
}

/** What follows from the outcome of the `number`-th try, from 1. `random` returns [0, 1). */
export function judgeOutcome(
  outcome: Exclude<WebhookOutcome, { kind: 'stopped' }>,
  number: number,
  random: () => number,
): WebhookVerdict {
  if (isSuccess(outcome)) return { kind: 'delivered' };
  if (outcome.kind === 'answered' && outcome.status === GONE) {
    return { kind: 'failed', reason: 'gone', error: 'it answered 410: gone for good' };
  }
  const error = outcome.kind === 'answered' ? wordsOf(outcome.status) : outcome.error;
  const pause = pauseAfter(number, random);
  if (pause === null) return { kind: 'failed', reason: 'exhausted', error };
  const asked = outcome.kind === 'answered' ? outcome.retryAfterMs : null;
  const slowDown = outcome.kind === 'answered' && (asked !== null || SLOW_DOWN.includes(outcome.status));
  return { kind: 'again', afterMs: Math.max(pause, asked ?? 0), error, slowDown };
}

function wordsOf(status: number): string {
  if (status >= 300 && status < 400) return `it answered ${status}: redirects are not followed, change the URL`;
  return `it answered ${status}`;
}
