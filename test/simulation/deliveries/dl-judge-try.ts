import type { Delivery } from '../../../src/delivery/desk/delivery.js';
import type { SentRequest } from './dl-request-log.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** docs/webhooks.md, told once more: whoever changes the schedule changes what it says. */
const SCHEDULE_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
/** The share of a pause that is left to chance. */
const JITTER = 0.2;
/** Of rounding. */
const SLACK_MS = 2;

/** What is wrong with the end that a desk says a delivery has, by the tries it made itself. Null: nothing. */
export function judgeEnd(tries: readonly SentRequest[], { state }: Delivery, number: number): string | null {
  const last = tries.at(-1)?.outcome;
  const status = last?.kind === 'answered' ? last.status : null;
  if (state === 'delivered') return status !== null && status < 300 ? null : 'counts as delivered, and was not taken';
  if (state !== 'failed') return `became ${state} after a try`;
  if (status === 410 || number > SCHEDULE_MS.length) return null;
  return `has failed for good after ${number} tries`;
}

/** What is wrong with when it is tried again, after the `number`-th try of its schedule. */
export function judgePause(
  tries: readonly SentRequest[],
  { dueAt }: Delivery,
  number: number,
  nowMs: number,
): string | null {
  const last = tries.at(-1);
  if (!last?.outcome) return 'is tried again after a try that nobody heard of';
  const { outcome, sentAtMs } = last;
  if (outcome.kind === 'answered' && outcome.status < 300) return 'is tried again, and was taken';
  // It was meant for an endpoint that is gone: the one there is now is told at once.
  if (outcome.kind === 'answered' && outcome.status === 410) return null;
  const pause = SCHEDULE_MS[number - 1];
  if (pause === undefined) return `is tried again after ${number} tries`;
  const asked = outcome.kind === 'answered' ? (outcome.retryAfterMs ?? 0) : 0;
  const least = sentAtMs + Math.max(pause * (1 - JITTER), asked) - SLACK_MS;
  const most = nowMs + Math.max(pause, asked) + SLACK_MS;
  const isKept = dueAt.getTime() >= least && dueAt.getTime() <= most;
  return isKept ? null : `is tried again ${dueAt.getTime() - nowMs} ms after its try ${number}`;
}
