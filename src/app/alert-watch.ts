import { keepLease } from '../leases/lease-keeper.js';
import { readListenerStatus } from '../ledger/listener-status.js';
import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import { clearAlert, raiseAlert, readFiring } from '../ops/alert-store.js';
import { QUIET, step, type AlertState, type Hold } from '../ops/alerts/hysteresis.js';
import { ALERT_KINDS, readProgram, readRpc, type AlertKind, type Reading } from '../ops/alerts/rules.js';
import { tellChannel } from '../ops/alerts/tell-channel.js';
import { alertChannels } from './alert-channels.js';
import type { Foundation } from './foundation.js';

/** An endpoint that answers later than this is as good as down, in milliseconds. */
const RPC_PATIENCE_MS = 5_000;
/** A count is its own hold: so many errors in a row are no accident. */
const AT_ONCE: Pick<Hold, 'fireAfterMs'> = { fireAfterMs: 0 };

/** The watch of a process. */
export interface AlertWatch {
  stop(): Promise<void>;
}

/**
 * Watches what should alarm somebody, and tells. Every process does, so that there is one left when an event worker is dead;
 * of all of them the one that holds the lease. Without a database nobody holds it: then logs and `/health/ready` say so.
 */
export function startAlertWatch(foundation: Foundation): AlertWatch {
  const { config, log, metrics, mongo, machine } = foundation;
  const { db } = mongo;
  const { clock, random, holder } = machine;
  const stop = new AbortController();
  const channels = alertChannels(config);
  if (config.alertEmailTo !== undefined && config.smtpUrl === null) {
    log.warn({}, 'ALERT_EMAIL_TO is set and SMTP_URL is not: alerts are not sent by e-mail');
  }
  const everyMs = config.alertCheckIntervalMs;
  const watching = keepLease(
    { db, clock, log, holder, termMs: config.leaseTermMs },
    'alerts',
    stop.signal,
    async (_, lost) => {
      const states = new Map<string, AlertState>();
      for (const id of await readFiring(db, ALERT_KINDS)) states.set(id, { ...QUIET, isFiring: true });
      const telling = channels.map((channel) =>
        repeat(
          clock,
          everyMs,
          lost,
          () => tellChannel({ db, clock, random, log, metrics, remindMs: config.alertRemindMs }, channel),
          (error) => log.warn({ channel: channel.name, error: messageOf(error) }, 'alerts could not be read'),
        ),
      );
      const looks = repeat(
        clock,
        everyMs,
        lost,
        async () => {
          const readings = await look(foundation);
          for (const reading of readings) await take(foundation, states, reading);
          for (const kind of ALERT_KINDS) {
            const firing = readings.filter(({ id, kind: of }) => of === kind && states.get(id)?.isFiring);
            metrics.alertsFiring.set({ kind }, firing.length);
          }
          for (const one of telling) one.soon();
        },
        (error) => log.warn({ error: messageOf(error) }, 'the watch for alerts failed; it looks again'),
      );
      await Promise.all([looks.ended, ...telling.map(({ ended }) => ended)]);
      for (const kind of ALERT_KINDS) metrics.alertsFiring.set({ kind }, 0);
    },
  );
  return {
    stop: async () => {
      stop.abort();
      await watching;
    },
  };
}

async function look({ config, mongo, modules, pool, machine }: Foundation): Promise<readonly Reading[]> {
  const { clock } = machine;
  const limits = { maxLagSlots: config.maxLagSlots, errorsInARow: config.alertOnErrorCount };
  const [statuses, answers] = await Promise.all([
    Promise.all(modules.map(({ module }) => readListenerStatus(mongo.db, module.name))),
    Promise.all(
      pool.members.map(({ chain }) =>
        Promise.race([
          chain.slot('confirmed').then(
            () => true,
            () => false,
          ),
          clock.sleep(RPC_PATIENCE_MS).then(() => false),
        ]),
      ),
    ),
  ]);
  return [
    ...modules.flatMap(({ module }, at) => readProgram(module.name, statuses[at] ?? null, clock.now(), limits)),
    readRpc(answers.filter(Boolean).length, answers.length),
  ];
}

async function take(
  { config, log, mongo: { db }, machine: { clock } }: Foundation,
  states: Map<string, AlertState>,
  reading: Reading,
): Promise<void> {
  const { id, kind, program, message, condition, details } = reading;
  const hold = holdOf(kind, config.alertHoldMs);
  const before = states.get(id) ?? QUIET;
  const { state, change } = step(before, condition, clock.monotonic(), hold);
  const now = new Date(clock.now());
  // Stored before it is remembered: what could not be stored is found again by the next look.
  if (change === 'fire') {
    if (await raiseAlert(db, { id, kind, program, message, details }, now))
      log.error({ alert: id, ...details }, message);
  } else if (change === 'clear') {
    if (await clearAlert(db, id, now)) log.info({ alert: id, ...details }, `cleared: ${message}`);
  }
  states.set(id, state);
}

function holdOf(kind: AlertKind, holdMs: number): Hold {
  const hold = { fireAfterMs: holdMs, clearAfterMs: holdMs };
  return kind === 'handler-errors' ? { ...hold, ...AT_ONCE } : hold;
}
