import { SlotTracker } from '../chain/slot-tracker.js';
import { TransactionFetcher } from '../chain/transaction-fetcher.js';
import { keepLease } from '../leases/lease-keeper.js';
import { PresenceWatch } from '../leases/presence.js';
import { newestApplicableSlot } from '../pipeline/confirmations.js';
import { createIngest } from './create-ingest.js';
import { EventAnnouncer } from './event-announcer.js';
import type { Foundation, InstalledModule } from './foundation.js';
import { EVENT_WORKER } from './presences.js';
import { startProgramWorker, type ProgramWorker } from './program-worker.js';
import { settingsOf } from './settings-of.js';

/** Somebody who does an event worker's work without its socket, for as long as no event worker does. */
export interface StandIn {
  /** Somebody waits for the ledger to be complete: sweep now. Where an event worker holds the lease, it sweeps in its turn. */
  sweepSoon(): void;
  stop(): Promise<void>;
}

/**
 * Takes a program's lease where nobody holds it, and does what its holder does: projects, sweeps, follows to finality. What
 * is found by reconcile is put right by the holder of that lease, so there has to be one. An event worker that comes
 * meanwhile has a socket, and hears at once what we only sweep for: it is given the lease.
 */
export function standIn(foundation: Foundation, installed: InstalledModule): StandIn {
  const { config, log, metrics, mongo, pool, machine } = foundation;
  const { clock, random, holder } = machine;
  const { name } = installed.module;
  const { confirmations } = settingsOf(config, installed.module);
  const stop = new AbortController();
  const fetcher = new TransactionFetcher({ chain: pool.chain, history: pool.background.chain, clock, random });
  const slots = new SlotTracker({ chain: pool.chain, clock, log });
  const announcer = new EventAnnouncer(log, metrics, clock);
  let active: ProgramWorker | null = null;
  const ingest = createIngest(foundation, installed, fetcher, () => active?.projector ?? null);
  slots.start();
  const { leaseTermMs: termMs } = config;
  const holdUntil = (giveUp: AbortSignal) =>
    keepLease({ db: mongo.db, clock, log, holder, termMs }, `program:${name}`, giveUp, async (work, lost) => {
      const appliesUpTo = () => newestApplicableSlot(slots.confirmedSlot, confirmations);
      active = startProgramWorker(foundation, installed, ingest, work, announcer, appliesUpTo, lost);
      try {
        await active.ended;
      } finally {
        active = null;
      }
    });

  const watch = new PresenceWatch(mongo.db, clock, EVENT_WORKER, termMs);
  const look = async () => {
    await clock.sleep(termMs / 3, stop.signal);
    // A database that does not answer is no reason to change anything.
    return watch.look().catch(() => 'unknown' as const);
  };
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const giveUp = new AbortController();
      const holding = holdUntil(AbortSignal.any([stop.signal, giveUp.signal]));
      while (!stop.signal.aborted && !giveUp.signal.aborted) {
        if ((await look()) === 'lives' && active) giveUp.abort();
      }
      await holding;
      while (!stop.signal.aborted && (await look()) !== 'absent');
    }
  }
  const running = run();
  return {
    sweepSoon: () => active?.sweepSoon(),
    stop: async () => {
      stop.abort();
      fetcher.stop();
      await running;
      await slots.stop();
    },
  };
}
