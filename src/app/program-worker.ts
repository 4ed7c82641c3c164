import { setMaxListeners } from 'node:events';
import type { LeaseWork } from '../leases/lease-work.js';
import type { ReplayNeeded } from '../ledger/projection-version.js';
import { noteProjectingVersion, readReplayNeeded } from '../ledger/projection-version.js';
import { preferredFirst } from '../chain/rpc-pool.js';
import { StaleFenceError } from '../leases/lease.js';
import { AskAgain } from '../lib/ask-again.js';
import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import { needsCommitLog } from '../delivery/records/relay/relay-state.js';
import { logEveryEvent } from '../pipeline/log-commit.js';
import type { AppliesUpTo } from '../pipeline/confirmations.js';
import type { Ingest } from '../pipeline/ingest.js';
import { Projector } from '../pipeline/projector.js';
import { refreshAccounts } from '../recovery/account-refresher.js';
import { DisputeResolver } from '../recovery/dispute-resolver.js';
import { FinalityChecker, type MassSuspicion } from '../recovery/finality-checker.js';
import { sweep } from '../recovery/gap-filler.js';
import { RecentSweep } from '../recovery/recent-sweep.js';
import { repairNext } from '../recovery/repair.js';
import { Replayer } from '../recovery/replay.js';
import { retryCauses } from '../recovery/retry-causes.js';
import { StableSlotKeeper } from '../recovery/stable-slot-keeper.js';
import { purgeTombstones } from '../recovery/tombstone-purge.js';
import type { ProjectorHere } from './create-ingest.js';
import type { EventAnnouncer } from './event-announcer.js';
import type { Foundation, InstalledModule } from './foundation.js';
import { settingsOf } from './settings-of.js';

/** How often the ledger is asked for disputed transactions, in milliseconds. Asking an empty partial index is cheap. */
const DISPUTES_EVERY_MS = 250;
/** How often due finality and cut-off logs are looked at, in milliseconds; also whenever the finalized slot rises. */
const FINALITY_EVERY_MS = 1_000;
const PURGE_EVERY_MS = 60_000;
/** The longest wait between two tries of a handler, unless the first is longer, in milliseconds. */
const BACKOFF_AT_MOST_MS = 60_000;
/** How soon after an event its block is asked for, in milliseconds: before a fork can put another into its slot. */
const BLOCKS_EVERY_MS = 250;
/** How often it is asked whether somebody wants a replay, in milliseconds. */
const REPLAY_EVERY_MS = 1_000;
/** How often it is asked whether somebody found a document to be put right, in milliseconds. */
const REPAIR_EVERY_MS = 1_000;
/** How often it is asked whether an operator retries parked final events, in milliseconds. */
const CAUSES_EVERY_MS = 2_000;
/** How often it is asked whether somebody hears of confirmed events, in milliseconds. */
const LISTENERS_EVERY_MS = 1_000;
/** How long the start waits after the database failed it, in milliseconds. */
const TROUBLE_MS = 1_000;

const REPLAY_NEEDED =
  'the documents were made by another version of the module: new events are applied by this one, what is there stays as ' +
  'it was until `npm run replay -- --program <name>`';

/** What runs for one program while its lease is held. */
export interface ProgramWorker {
  readonly projector: ProjectorHere;
  /** Somebody suspects a hole: sweep now. */
  sweepSoon(): void;
  /** The finalized slot has risen. */
  finalitySoon(): void;
  /** Why the last sweep left the frontier where it was; null when it moved, or none has ended yet. */
  sweepStopped(): string | null;
  /** While the chain does not know most of what it confirmed, nothing is rolled back; null when all is well. */
  massSuspicion(): MassSuspicion | null;
  /** The documents hold what handlers of another version made; null when not. */
  replayNeeded(): ReplayNeeded | null;
  readonly ended: Promise<void>;
}

/** Starts everything that a program's lease holder does, until `signal` is aborted. */
export function startProgramWorker(
  foundation: Foundation,
  { module, codec }: InstalledModule,
  ingest: Ingest,
  work: LeaseWork,
  announcer: EventAnnouncer,
  appliesUpTo: AppliesUpTo,
  signal: AbortSignal,
): ProgramWorker {
  const { config, log, metrics, mongo, pool } = foundation;
  const { clock, random } = foundation.machine;
  const { db } = mongo;
  const program = module.name;
  const settings = settingsOf(config, module);
  const recovery = { db, clock, random, ingest, log, chain: pool.chain, appliesUpTo };
  // One task that finds the lease lost ends them all.
  const lost = new AbortController();
  const running = AbortSignal.any([signal, lost.signal]);
  // Every task below rests on it: more than Node expects, and all of them end with it.
  setMaxListeners(0, running);
  const isFatal = (error: unknown) => error instanceof StaleFenceError;
  const report = (task: string) => (error: unknown) => {
    metrics.databaseErrorsTotal.inc({ operation: task });
    log.warn({ program, task, error: messageOf(error) }, `${task} failed; it runs again`);
  };

  const lookForListeners = async () => {
    const isHeard = config.eventsOut && (await needsCommitLog(db, program, new Date(clock.now())));
    logEveryEvent(work.lease, isHeard);
  };
  let replayNeeded: ReplayNeeded | null = null;
  const replayer = new Replayer({ db, clock, log, batchSize: config.batchSize }, module, codec, work);
  // The first turn under the lease: before anything is projected, it is noted by whom, and who hears of it.
  const prepared = work.exclusive(async () => {
    while (!running.aborted) {
      try {
        replayNeeded = await noteProjectingVersion(db, program, module.version);
        if (replayNeeded) log.warn({ program, ...replayNeeded }, REPLAY_NEEDED);
        await replayer.prepare();
        await lookForListeners();
        return;
      } catch (error) {
        if (isFatal(error)) throw error;
        report('start')(error);
        await clock.sleep(TROUBLE_MS, running);
      }
    }
  });
  const replays = repeat(
    clock,
    REPLAY_EVERY_MS,
    running,
    async () => {
      if (await replayer.run(running)) replayNeeded = await readReplayNeeded(db, program, module.version);
    },
    report('replay'),
    isFatal,
  );
  const projector = new Projector(
    {
      db,
      clock,
      random,
      log,
      retry: {
        attempts: settings.handlerAttempts,
        backoff: {
          firstMs: settings.handlerBackoffMs,
          maxMs: Math.max(settings.handlerBackoffMs, BACKOFF_AT_MOST_MS),
          jitter: 0.2,
        },
      },
      batchSize: config.batchSize,
      appliesUpTo,
      onApplied: (_, records) => announcer.applied(program, records),
      onFailed: (_, failed) => announcer.failed(program, failed),
    },
    module,
    work,
  );
  const resolver = new DisputeResolver(
    { ...recovery, onCorrected: (correction) => announcer.corrected(program, correction) },
    work,
    module,
  );
  const disputes = repeat(
    clock,
    DISPUTES_EVERY_MS,
    running,
    () => resolver.begin(),
    report('dispute resolution'),
    isFatal,
  );
  let massSuspicion: MassSuspicion | null = null;
  const checker = new FinalityChecker(
    {
      ...recovery,
      members: pool.members,
      checkSlots: config.reorgCheckSlots,
      messageMaxAgeMs: config.messageMaxAgeMs,
      onFinalized: (_, records) => announcer.finalized(program, records),
      onCorrected: (_, correction) => announcer.corrected(program, correction),
      onMassSuspicion: (_, suspicion) => {
        massSuspicion = suspicion;
        metrics.suspectTransactions.set({ program }, suspicion?.suspects ?? 0);
        announcer.massSuspicion(program, suspicion);
      },
    },
    work,
    module,
  );
  const blocks = repeat(clock, BLOCKS_EVERY_MS, running, () => checker.keepBlocks(), report('block watch'), isFatal);
  const repairs = repeat(
    clock,
    REPAIR_EVERY_MS,
    running,
    async () => {
      await prepared;
      while (!running.aborted && (await repairNext({ db, clock, log, batchSize: config.batchSize }, work, module)) > 0);
    },
    report('repair'),
    isFatal,
  );
  const causes = repeat(
    clock,
    CAUSES_EVERY_MS,
    running,
    () => retryCauses({ db, clock, log, maxAgeMs: config.messageMaxAgeMs }, work, module),
    report('retry of parked final events'),
    isFatal,
  );
  const unread = new AskAgain(clock, random);
  const stable = new StableSlotKeeper({ db, clock }, work, program);
  const finality = repeat(
    clock,
    FINALITY_EVERY_MS,
    running,
    async () => {
      await checker.pass();
      await stable.pass();
      await refreshAccounts({ db, clock, chain: pool.chain, members: pool.members, later: unread }, module, codec);
    },
    report('finality check'),
    isFatal,
  );
  const endpoints = () => preferredFirst(pool.background);
  const walking = { db, log, ingest, signal: running, pageSize: settings.historyPageSize };
  const logFound = (found: number) => {
    if (found > 0) log.info({ program, found }, 'the sweep found transactions that no socket had announced');
  };
  const recentSweep = new RecentSweep(
    { ...walking, endpoint: () => pool.pinned(), startSlot: config.startSlot },
    module,
  );
  const recentSweeps = repeat(
    clock,
    config.sweepIntervalMs,
    running,
    async () => {
      const outcome = await recentSweep.run();
      if (outcome.kind === 'stopped') log.debug({ program, ...outcome }, 'recent transactions were not looked at');
      else logFound(outcome.found);
    },
    report('recent sweep'),
    isFatal,
  );
  let sweepStopped: string | null = null;
  let sweepsDone = 0;
  const sweeps = repeat(
    clock,
    config.sweepIntervalMs,
    running,
    async () => {
      const outcome = await sweep({ ...walking, clock, endpoints, startSlot: config.startSlot }, module);
      if (running.aborted) return;
      const stoppedBefore = sweepStopped;
      sweepStopped = outcome.kind === 'complete' ? null : outcome.reason;
      if (outcome.kind === 'stopped') {
        if (outcome.reason === 'database-failed') metrics.databaseErrorsTotal.inc({ operation: 'sweep' });
        if (outcome.reason === stoppedBefore) return;
        // A chain that has just begun finalizes nothing for a while: the first slots to wait for are no trouble.
        const isYoung = outcome.reason === 'node-behind' && sweepsDone <= 1;
        log[isYoung ? 'info' : 'warn']({ program, ...outcome }, 'the frontier stays where it is');
        return;
      }
      if (stoppedBefore !== null) log.info({ program, was: stoppedBefore }, 'the frontier goes on');
      sweepsDone += 1;
      metrics.frontierSlot.set({ program }, outcome.frontier);
      logFound(outcome.found);
    },
    (error) => {
      sweepStopped = 'failed';
      report('sweep')(error);
    },
    isFatal,
  );
  const listeners = repeat(clock, LISTENERS_EVERY_MS, running, lookForListeners, report('look for listeners'), isFatal);
  const purge = repeat(
    clock,
    PURGE_EVERY_MS,
    running,
    () => purgeTombstones(db, work, module),
    report('purge'),
    isFatal,
  );

  const tasks = [
    projector.run(running),
    disputes.ended.finally(() => resolver.ended()),
    finality.ended.finally(() => checker.ended()),
    blocks.ended,
    recentSweeps.ended,
    sweeps.ended,
    purge.ended,
    listeners.ended,
    replays.ended,
    repairs.ended,
    causes.ended,
    prepared,
  ];
  for (const task of tasks) task.catch(() => lost.abort());
  return {
    projector: {
      wake: () => projector.wake(),
      applyNew: (records) => {
        checker.hear(records);
        return projector.applyNew(records);
      },
    },
    sweepSoon: () => {
      recentSweeps.soon();
      sweeps.soon();
    },
    finalitySoon: () => finality.soon(),
    sweepStopped: () => sweepStopped,
    massSuspicion: () => massSuspicion,
    replayNeeded: () => replayNeeded,
    ended: Promise.allSettled(tasks).then((results) => {
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    }),
  };
}
