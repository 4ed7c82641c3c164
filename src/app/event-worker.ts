import { SlotTracker } from '../chain/slot-tracker.js';
import { TransactionFetcher } from '../chain/transaction-fetcher.js';
import { keepLease } from '../leases/lease-keeper.js';
import { showPresence } from '../leases/presence.js';
import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import { readFrontier } from '../ledger/frontier.js';
import { writeListenerStatus, type ListenerStatus } from '../ledger/listener-status.js';
import type { Ingest } from '../pipeline/ingest.js';
import { newestApplicableSlot } from '../pipeline/confirmations.js';
import { NoticeIntake } from '../pipeline/notice-intake.js';
import type { SourceStatus } from '../pipeline/source.js';
import { createIngest } from './create-ingest.js';
import { createSource } from './create-source.js';
import { EventAnnouncer } from './event-announcer.js';
import type { Foundation, InstalledModule } from './foundation.js';
import { sendOutbox } from './outbox.js';
import { EVENT_WORKER } from './presences.js';
import { startProgramWorker, type ProgramWorker } from './program-worker.js';
import { relayEvents } from './relay-events.js';
import { reconcileWhereNobodyDoes } from './reconcile-worker.js';
import { settingsOf } from './settings-of.js';
import { StandbyNotes } from './standby-notes.js';

const STATUS_EVERY_MS = 1_000;

/** A running event worker. */
export interface EventWorker {
  readonly announcer: EventAnnouncer;
  status(): SourceStatus;
  /** Lets the source begin anew: what an operator does when in doubt. */
  reconnect(reason: string): void;
  /** Stores what was announced, finishes the batch under way and gives the leases up. */
  stop(): Promise<void>;
}

/** One program's part of the worker; `active` while its lease is held here. */
interface Lane {
  readonly installed: InstalledModule;
  readonly ingest: Ingest;
  readonly intake: NoticeIntake;
  active: ProgramWorker | null;
}

/**
 * Follows every installed program: a source announces, the intake stores, and for each program whose lease is held
 * here the ledger is projected, swept and followed to finality. Records need no particular order (I3), so what the
 * source announces is stored from the first moment on, while the sweep that `onLive` asks for looks at everything
 * from the frontier up to the head: there is no boundary between "filled" and "live" that could be off by one.
 */
export function startEventWorker(
  foundation: Foundation,
  endpoints: { readonly wsUrls: readonly string[] },
): EventWorker {
  const { config, log, metrics, mongo, pool, modules } = foundation;
  const { clock, random, holder } = foundation.machine;
  const announcer = new EventAnnouncer(log, metrics, clock);
  const stop = new AbortController();
  const fetcher = new TransactionFetcher({ chain: pool.chain, history: pool.background.chain, clock, random });
  const slots = new SlotTracker({ chain: pool.chain, clock, log });
  const lanes = new Map(
    modules.map((installed) => [installed.codec.programId, createLane(foundation, installed, fetcher)]),
  );

  const source = createSource(
    { foundation, wsUrls: endpoints.wsUrls },
    {
      onNotice: ({ programId, ...notice }) => lanes.get(programId)?.intake.offer({ ...notice, source: source.kind }),
      onLive: ({ slot }) => {
        log.info({ slot }, 'listening');
        for (const lane of lanes.values()) {
          metrics.listenerConnected.set({ program: lane.installed.module.name }, 1);
          lane.active?.sweepSoon();
        }
      },
      // The source itself has logged it, with what it knows beyond the reason.
      onHole: () => {
        for (const { installed } of lanes.values()) {
          metrics.listenerConnected.set({ program: installed.module.name }, 0);
          metrics.listenerReconnectsTotal.inc({ program: installed.module.name });
        }
      },
      onSlot: (notice) => slots.hint(notice),
    },
  );
  slots.onFinalized(() => lanes.forEach((lane) => lane.active?.finalitySoon()));

  for (const lane of lanes.values()) lane.intake.start();
  slots.start();
  source.start();
  const presence = showPresence({ db: mongo.db, clock, log, termMs: config.leaseTermMs }, EVENT_WORKER, stop.signal);
  const reconciling = reconcileWhereNobodyDoes(foundation);
  const sending = sendOutbox(foundation, stop.signal);
  const relaying = relayEvents(foundation, announcer, () => slots.confirmedSlot, stop.signal);
  const standbys = new StandbyNotes(mongo.db, log, clock);
  const leases = [...lanes.values()].map((lane) =>
    keepLease(
      { db: mongo.db, clock, log, holder, termMs: config.leaseTermMs },
      `program:${lane.installed.module.name}`,
      stop.signal,
      async (work, lost) => {
        const { name } = lane.installed.module;
        const { confirmations } = settingsOf(config, lane.installed.module);
        metrics.leaseHeld.set({ program: name }, 1);
        const appliesUpTo = () => newestApplicableSlot(slots.confirmedSlot, confirmations);
        lane.active = startProgramWorker(foundation, lane.installed, lane.ingest, work, announcer, appliesUpTo, lost);
        standbys.forget(name);
        try {
          await lane.active.ended;
        } finally {
          lane.active = null;
          metrics.leaseHeld.set({ program: name }, 0);
        }
      },
    ),
  );
  const statusReports = repeat(
    clock,
    STATUS_EVERY_MS,
    stop.signal,
    async () => {
      for (const lane of lanes.values()) {
        if (lane.active) await writeListenerStatus(mongo.db, await statusOf(lane));
        else await standbys.note(lane.installed.module.name);
      }
    },
    (error) => log.warn({ error: messageOf(error) }, 'the status could not be written'),
  );

  async function statusOf({ installed: { module, codec }, active }: Lane): Promise<ListenerStatus> {
    const heard = source.status();
    const frontierSlot = (await readFrontier(mongo.db, module.name))?.slot ?? null;
    const { confirmedSlot, finalizedSlot } = slots;
    const lagSlots = finalizedSlot === null || frontierSlot === null ? null : Math.max(0, finalizedSlot - frontierSlot);
    if (lagSlots !== null) metrics.lagSlots.set({ program: module.name }, lagSlots);
    return {
      program: module.name,
      holder,
      isListening: heard.live,
      subscriptionId: heard.subscriptionIds[codec.programId] ?? null,
      reconnectAttempts: heard.reconnectAttempts,
      lastSlot: heard.lastSlot,
      confirmedSlot,
      finalizedSlot,
      frontierSlot,
      lagSlots,
      sweepStopped: active?.sweepStopped() ?? null,
      errorsInARow: announcer.errorsInARow(module.name),
      confirmations: settingsOf(config, module).confirmations,
      massSuspicion: active?.massSuspicion() ?? null,
      replayNeeded: active?.replayNeeded() ?? null,
      updatedAt: new Date(clock.now()),
    };
  }

  return {
    announcer,
    status: () => source.status(),
    reconnect: (reason) => source.restart(reason),
    stop: async () => {
      const reconciled = reconciling.stop();
      await source.stop();
      fetcher.stop();
      await Promise.all([...lanes.values()].map(({ intake }) => intake.stop()));
      stop.abort();
      await Promise.all([...leases, statusReports.ended, slots.stop(), reconciled, presence, sending, relaying]);
    },
  };
}

function createLane(foundation: Foundation, installed: InstalledModule, fetcher: TransactionFetcher): Lane {
  const ingest = createIngest(foundation, installed, fetcher, () => lane.active?.projector ?? null);
  const lane: Lane = {
    installed,
    ingest,
    intake: new NoticeIntake({
      ingest,
      clock: foundation.machine.clock,
      log: foundation.log,
      onHole: () => lane.active?.sweepSoon(),
    }),
    active: null,
  };
  return lane;
}
