import { PresenceWatch, showPresence } from '../leases/presence.js';
import { messageOf } from '../lib/errors.js';
import type { Foundation } from './foundation.js';
import { RECONCILE_WORKER } from './presences.js';
import { keepReconciling } from './reconcile-loop.js';

/** A process, or a part of one, that reconciles. */
export interface Reconciling {
  /** Ends after the step under way; a pass that is cut short is a run that says so. */
  stop(): Promise<void>;
}

/** A reconcile worker: of several, the one that holds the lease makes the passes. */
export function startReconcileWorker(foundation: Foundation): Reconciling {
  const { config, log, mongo, machine } = foundation;
  const stop = new AbortController();
  const options = { db: mongo.db, clock: machine.clock, log, termMs: config.leaseTermMs };
  const presence = showPresence(options, RECONCILE_WORKER, stop.signal);
  const reconciling = keepReconciling(foundation, stop.signal, true);
  return {
    stop: async () => {
      stop.abort();
      await Promise.all([presence, reconciling]);
    },
  };
}

/** An event worker's stand-in for a reconcile worker: reconciles while no reconcile worker lives. */
export function reconcileWhereNobodyDoes(foundation: Foundation): Reconciling {
  const { config, log, mongo, machine } = foundation;
  const { clock } = machine;
  const stop = new AbortController();
  const watch = new PresenceWatch(mongo.db, clock, RECONCILE_WORKER, config.leaseTermMs);

  async function run(): Promise<void> {
    let own: { readonly giveUp: AbortController; readonly ended: Promise<void> } | null = null;
    while (!stop.signal.aborted) {
      try {
        const seen = await watch.look();
        if (seen === 'absent' && !own) {
          const giveUp = new AbortController();
          own = { giveUp, ended: keepReconciling(foundation, AbortSignal.any([stop.signal, giveUp.signal]), false) };
        } else if (seen === 'lives' && own) {
          log.info({}, 'a reconcile worker lives: it reconciles from now on');
          own.giveUp.abort();
          await own.ended;
          own = null;
        }
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'could not look for a reconcile worker; trying again');
      }
      await clock.sleep(config.leaseTermMs / 3, stop.signal);
    }
    await own?.ended;
  }

  const running = run();
  return {
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}
