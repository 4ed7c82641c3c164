import type { mongo } from 'mongoose';
import { commitUnderLease } from '../../leases/lease-transaction.js';
import type { LeaseWork } from '../../leases/lease-work.js';
import { backoffMs } from '../../lib/backoff.js';
import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { noteTold, readTellable, type Told } from '../alert-store.js';
import type { AlertChannel, AlertMessage } from './channel.js';
import { messageId, owed } from './owed.js';

/** A receiver that is down is asked again after 5 s, then ever more rarely, up to 10 minutes. */
const BACKOFF = { firstMs: 5_000, maxMs: 600_000, jitter: 0.2 };
/** What a message under way gets when the process is to stop, in milliseconds: most arrive by then. */
const STOP_GRACE_MS = 1_000;

interface TellDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly remindMs: number;
}

/**
 * Tells a channel everything it is owed, under its lease, until `stop`. Each try is noted before it is made: what cannot be
 * noted is not told, a holder that lost the lease meanwhile tells nothing, and whoever takes over from one that was killed in
 * the middle tells it once more, after the pause of a failed try. Told twice is better than not told.
 * @throws StaleFenceError when the lease is somebody else's.
 */
export async function tellChannel(
  dependencies: TellDependencies,
  work: LeaseWork,
  channel: AlertChannel,
  stop: AbortSignal,
): Promise<void> {
  const { db, clock, random, log, metrics, remindMs } = dependencies;
  for (const tellable of await readTellable(db, channel.name)) {
    if (stop.aborted) return;
    const what = owed(tellable, clock.now(), remindMs);
    if (!what) continue;
    const { alert, told } = tellable;
    const { id, kind, program, state, message, details, since } = alert;
    const note = (known: Told) =>
      commitUnderLease(db, work, (session) => noteTold(db, session, id, channel.name, known));
    const attempts = (told?.attempts ?? 0) + 1;
    const tried = {
      ...{ since: told?.since ?? null, at: told?.at ?? null, attempts },
      nextAt: new Date(clock.now() + backoffMs(BACKOFF, attempts - 1, random)),
      ...{ error: told?.error ?? null, failingSince: told?.failingSince ?? null },
    };
    await note(tried);
    const known = { id, kind, program, state, message, details, since };
    const outcome = await tellUntil(
      channel,
      { ...known, messageId: messageId(tellable, what), isReminder: what === 'remind' },
      stop,
      clock,
    );
    if (outcome === 'given-up') return;
    const now = new Date(clock.now());
    if (outcome === 'told') {
      await note({ since, at: now, attempts: 0, nextAt: null, error: null, failingSince: null });
      metrics.alertMessagesTotal.inc({ channel: channel.name, outcome: 'told' });
    } else {
      const nextAt = new Date(now.getTime() + backoffMs(BACKOFF, attempts - 1, random));
      const { error } = outcome;
      metrics.alertMessagesTotal.inc({ channel: channel.name, outcome: 'failed' });
      log.error({ channel: channel.name, alert: id, attempts, nextAt, error }, 'an alert could not be told');
      await note({ ...tried, nextAt, error, failingSince: tried.failingSince ?? now });
    }
  }
}

/** given-up: told to stop, and the receiver still had not answered. */
async function tellUntil(
  channel: AlertChannel,
  message: AlertMessage,
  stop: AbortSignal,
  clock: Clock,
): Promise<'told' | 'given-up' | { readonly error: string }> {
  const [giveUp, ended] = [new AbortController(), new AbortController()];
  const givenUp = new Promise<'given-up'>((resolve) =>
    giveUp.signal.addEventListener('abort', () => resolve('given-up')),
  );
  const onStop = () => void clock.sleep(STOP_GRACE_MS, ended.signal).then(() => giveUp.abort());
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  try {
    const telling = channel.tell(message, giveUp.signal).then(
      () => 'told' as const,
      (error: unknown) => ({ error: messageOf(error) }),
    );
    return await Promise.race([givenUp, telling]);
  } finally {
    stop.removeEventListener('abort', onStop);
    ended.abort();
  }
}
