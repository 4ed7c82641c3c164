import type { mongo } from 'mongoose';
import { backoffMs } from '../../lib/backoff.js';
import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { noteTold, readTellable } from '../alert-store.js';
import type { AlertChannel } from './channel.js';
import { owed } from './owed.js';

/** A receiver that is down is asked again after 5 s, then ever more rarely, up to 10 minutes. */
const BACKOFF = { firstMs: 5_000, maxMs: 600_000, jitter: 0.2 };

interface TellDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly remindMs: number;
}

/**
 * Tells a channel everything it is owed, and notes it. Who is killed between the two tells it once more: an alert told twice
 * is better than one not told.
 */
export async function tellChannel(dependencies: TellDependencies, channel: AlertChannel): Promise<void> {
  const { db, clock, random, log, metrics, remindMs } = dependencies;
  for (const tellable of await readTellable(db, channel.name)) {
    const what = owed(tellable, clock.now(), remindMs);
    if (!what) continue;
    const { alert, told } = tellable;
    const { id, kind, program, state, message, details, since } = alert;
    try {
      await channel.tell({ id, kind, program, state, message, details, since, isReminder: what === 'remind' });
      const at = new Date(clock.now());
      await noteTold(db, id, channel.name, { since, at, attempts: 0, nextAt: null, error: null });
      metrics.alertMessagesTotal.inc({ channel: channel.name, outcome: 'told' });
    } catch (error) {
      const attempts = (told?.attempts ?? 0) + 1;
      const nextAt = new Date(clock.now() + backoffMs(BACKOFF, attempts - 1, random));
      const reason = messageOf(error);
      await noteTold(db, id, channel.name, {
        ...{ since: told?.since ?? null, at: told?.at ?? null },
        ...{ attempts, nextAt, error: reason },
      });
      metrics.alertMessagesTotal.inc({ channel: channel.name, outcome: 'failed' });
      log.error({ channel: channel.name, alert: id, attempts, nextAt, error: reason }, 'an alert could not be told');
    }
  }
}
