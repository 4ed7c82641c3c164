import type { mongo } from 'mongoose';
import type { LetterOf } from '../domain-kit/message.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { isHeld, StaleFenceError, touchLease } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { noteAttempt, readDue, type Attempt, type OutboxMessage } from '../ledger/outbox.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Mailer, MailOutcome } from './mailer.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** From one attempt to the next; after the last of them the message has failed. Milliseconds. */
const PAUSES_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/** Share of a pause that is random, so that what failed together does not come back together. */
const JITTER = 0.2;
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
export function judgeAttempt(outcome: MailOutcome, attempt: number, nowMs: number, random: () => number): Attempt {
  if (outcome.kind === 'sent') return outcome;
  const pause = PAUSES_MS[attempt];
  if (outcome.kind === 'refused' || pause === undefined) return { kind: 'failed', error: outcome.reason };
  return { kind: 'again', error: outcome.reason, dueAt: new Date(nowMs + pause * (1 - JITTER * random())) };
}

/**
 * Sends what is due, one after another, and notes each. Whoever is killed between the server's 250 and the note sends that
 * letter again, with the same Message-ID.
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
    const attempt: Attempt =
      outcome === null ? { kind: 'unwanted' } : judgeAttempt(outcome, message.attempts, clock.now(), random);
    await work.exclusive(() =>
      inLeaseTransaction(db, work.lease, async (session) => {
        await noteAttempt(db, session, message, attempt, new Date(clock.now()));
        await touchLease(db, work.lease, session);
      }),
    );
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
