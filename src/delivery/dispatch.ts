import type { mongo } from 'mongoose';
import type { LetterOf } from '../domain-kit/message.js';
import { commitUnderLease } from '../leases/lease-transaction.js';
import { isHeld, StaleFenceError } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { noteAttempt, readDue, type Attempt, type OutboxMessage } from '../ledger/outbox.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { FinishedMail, Mailer, MailOutcome } from './mailer.js';
import { pauseAfter } from './retry-schedule.js';

const AT_ONCE = 100;

/** What the dispatcher needs. */
export interface DispatchDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly mailer: Mailer;
  readonly letters: Readonly<Record<string, LetterOf>>;
}

/** What follows from how the sending of the `attempt`-th (from 0) went. `random` returns [0, 1). */
export function judgeAttempt(outcome: FinishedMail, attempt: number, nowMs: number, random: () => number): Attempt {
  if (outcome.kind === 'sent') return outcome;
  const pause = pauseAfter(attempt + 1, random);
  if (outcome.kind === 'refused' || pause === null) return { kind: 'failed', error: outcome.reason };
  return { kind: 'again', error: outcome.reason, dueAt: new Date(nowMs + pause) };
}

/**
 * Sends what is due, one after another, and notes each. Whoever is killed between the server's 250 and the note sends that
 * letter again, with the same Message-ID. So does whoever is stopped while a letter is under way.
 * @throws StaleFenceError when the lease is somebody else's.
 */
export async function dispatchDue(
  dependencies: DispatchDependencies,
  work: LeaseWork,
  stop: AbortSignal,
): Promise<void> {
  const { db, clock, random, log, metrics, letters } = dependencies;
  const due = await readDue(db, Object.keys(letters), new Date(clock.now()), AT_ONCE);
  for (const message of due) {
    if (stop.aborted) return;
    // Asked right before each letter: no transaction can take one back.
    if (!(await isHeld(db, work.lease))) throw new StaleFenceError(work.lease);
    const outcome = await send(dependencies, message);
    // It stays owed as it was, under the same Message-ID.
    if (outcome?.kind === 'stopped') return;
    const attempt: Attempt =
      outcome === null ? { kind: 'unwanted' } : judgeAttempt(outcome, message.attempts, clock.now(), random);
    await commitUnderLease(db, work, (session) => noteAttempt(db, session, message, attempt, new Date(clock.now())));
    metrics.outboxAttemptsTotal.inc({ kind: message.kind, outcome: attempt.kind });
    const told = { message: message._id, attempts: message.attempts + 1 };
    if (attempt.kind === 'failed') log.error({ ...told, error: attempt.error }, 'a message cannot be delivered');
    else if (attempt.kind === 'again') log.warn({ ...told, error: attempt.error }, 'a message is tried again later');
    else log.info(told, attempt.kind === 'sent' ? 'message sent' : 'a message is not wanted now; it waits');
  }
}

async function send(
  { db, mailer, letters }: DispatchDependencies,
  message: OutboxMessage,
): Promise<MailOutcome | null> {
  let letter;
  try {
    letter = await letters[message.kind]?.(db, message.key);
  } catch (error) {
    // Those behind it do not wait for it.
    return { kind: 'trouble', reason: `the letter cannot be written: ${messageOf(error)}` };
  }
  return letter ? mailer.send({ ...letter, id: message._id }) : null;
}
