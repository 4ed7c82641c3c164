import { PROGRAM_VARIABLES } from '../config/program-variables.js';
import { findDisabledByUs } from '../delivery/dispatchers/find-disabled.js';
import { keepLease } from '../leases/lease-keeper.js';
import { StaleFenceError } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { countDeadEvents } from '../ledger/dead-items.js';
import { readListenerStatus } from '../ledger/listener-status.js';
import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import { countFiring } from '../ops/alert-store.js';
import type { AlertChannel } from '../ops/alerts/channel.js';
import {
  ALERT_KINDS,
  readDead,
  readDisabledDispatchers,
  readProgram,
  readRpc,
  RECONCILE_DRIFT,
  type Reading,
} from '../ops/alerts/rules.js';
import { takeReadings, type HeldConditions } from '../ops/alerts/take-readings.js';
import { tellChannel } from '../ops/alerts/tell-channel.js';
import { alertChannels } from './alert-channels.js';
import { ALERTS_LEASE, channelLease, programAlertsLease } from './alert-leases.js';
import type { Foundation } from './foundation.js';
import { settingsOf } from './settings-of.js';
import { watchSigners } from './signer-watch.js';
import { clearUnwatched } from './unwatched-alerts.js';

/** An endpoint that answers later than this is as good as down, in milliseconds. */
const RPC_PATIENCE_MS = 5_000;
/** How often it is looked what a channel is owed, in milliseconds: often enough for the first pause of one that failed. */
const TELL_EVERY_MS = 1_000;

/** The watch of a process. */
export interface AlertWatch {
  stop(): Promise<void>;
}

/**
 * Watches what should alarm somebody, and tells. Every process does, so that there is one left when an event worker is dead:
 * of those that follow a program the one that holds its lease, of those that have a channel the one that holds that one's, and
 * of all of them one for what is no program's. Without a database nobody holds any: then logs and `/health/ready` say so.
 * `given`: the channels to tell; left out: those of the settings. With none the log is told alone.
 */
export function startAlertWatch(foundation: Foundation, given?: readonly AlertChannel[]): AlertWatch {
  const { config, log, metrics, modules } = foundation;
  const { db } = foundation.mongo;
  const { clock, random, holder } = foundation.machine;
  const stop = new AbortController();
  const channels = given ?? alertChannels(config, log);
  const everyMs = config.programSettings.alertCheckIntervalMs ?? PROGRAM_VARIABLES.alertCheckIntervalMs.fallback;
  const keep = (lease: string, work: Parameters<typeof keepLease>[3]) =>
    keepLease({ db, clock, log, holder, termMs: config.leaseTermMs }, lease, stop.signal, work);
  const isFatal = (error: unknown) => error instanceof StaleFenceError;
  const again = (
    lost: AbortSignal,
    task: () => Promise<void>,
    pauseMs = everyMs,
    endsOn: (error: unknown) => boolean = isFatal,
  ) => {
    const onError = (error: unknown) =>
      log.warn({ error: messageOf(error) }, 'the watch for alerts failed; it looks again');
    return repeat(clock, pauseMs, lost, task, onError, endsOn).ended;
  };
  const looking = (work: LeaseWork, lost: AbortSignal, look: () => Promise<readonly Reading[]>) => {
    const conditions: HeldConditions = new Map();
    return async () => {
      const readings = await look();
      // What was cut short says nothing.
      if (lost.aborted) return;
      await takeReadings({ db, clock, log, holdMs: config.alertHoldMs }, work, conditions, readings);
    };
  };

  const watching = [
    ...modules.map(({ module }) => {
      const { name } = module;
      const { alertCheckIntervalMs, alertOnErrorCount } = settingsOf(config, module);
      const limits = { maxLagSlots: config.maxLagSlots, errorsInARow: alertOnErrorCount };
      const look = async () => [
        ...readProgram(name, await readListenerStatus(db, name), clock.now(), limits),
        readDead(name, await countDeadEvents(db, name)),
      ];
      return keep(programAlertsLease(name), (work, lost) =>
        again(lost, looking(work, lost, look), alertCheckIntervalMs),
      );
    }),
    ...channels.map((channel) =>
      keep(channelLease(channel.name), (work, lost) =>
        again(
          lost,
          () => tellChannel({ db, clock, random, log, metrics, remindMs: config.alertRemindMs }, work, channel, lost),
          Math.min(everyMs, TELL_EVERY_MS),
        ),
      ),
    ),
    keep(ALERTS_LEASE, async (work, lost) => {
      const ended = new AbortController();
      const until = AbortSignal.any([lost, ended.signal]);
      const lookAtSigners = watchSigners(foundation);
      const look = looking(work, lost, async () => [
        await askEndpoints(foundation, lost),
        readDisabledDispatchers(await findDisabledByUs(db)),
        ...(await lookAtSigners()),
      ]);
      // Beside the looks: it waits for signs of life. The lease that it may lose is not the one held here.
      const clearing = again(until, clearUnwatched(foundation, until), everyMs, () => false);
      try {
        await again(lost, () => look().then(() => sayWhatFires(foundation)));
      } finally {
        ended.abort();
        await clearing;
        metrics.alertsFiring.reset();
      }
    }),
  ];
  return {
    stop: async () => {
      stop.abort();
      await Promise.all(watching);
    },
  };
}

async function askEndpoints({ pool, machine: { clock } }: Foundation, lost: AbortSignal): Promise<Reading> {
  const enough = new AbortController();
  const late = clock.sleep(RPC_PATIENCE_MS, enough.signal).then(() => false);
  const giveUp = () => enough.abort();
  lost.addEventListener('abort', giveUp, { once: true });
  const answers = pool.members.map(({ chain }) =>
    Promise.race([
      late,
      chain.slot('confirmed').then(
        () => true,
        () => false,
      ),
    ]),
  );
  const answering = (await Promise.all(answers)).filter(Boolean).length;
  lost.removeEventListener('abort', giveUp);
  enough.abort();
  return readRpc(answering, answers.length);
}

/** Of every kind there is, whoever raised it. */
async function sayWhatFires({ metrics, mongo: { db } }: Foundation): Promise<void> {
  const counts = await countFiring(db);
  for (const kind of new Set([...ALERT_KINDS, RECONCILE_DRIFT, ...counts.keys()])) {
    metrics.alertsFiring.set({ kind }, counts.get(kind) ?? 0);
  }
}
