import type { mongo } from 'mongoose';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { StaleFenceError, touchLease, type HeldLease } from '../leases/lease.js';
import { ledgerEvents } from '../ledger/ledger-collections.js';
import { messageOf } from '../lib/errors.js';
import { clearAlert, raiseAlert } from '../ops/alert-store.js';
import { RECONCILE_DRIFT } from '../ops/alerts/rules.js';
import { intervalOf } from '../reconcile/schedule.js';
import { shareOfRotation } from '../reconcile/changed-documents.js';
import { PassTally } from '../reconcile/pass-tally.js';
import { reconcileProgram, type PassPlan } from '../reconcile/reconcile-program.js';
import { beginRun, readLastRun, updateRun, type ReconcileRun } from '../reconcile/reconcile-run.js';
import { DEFAULT_CREDITS, RpcBill } from '../reconcile/rpc-bill.js';
import { awaitLedger } from './await-ledger.js';
import type { Foundation, InstalledModule } from './foundation.js';
import { recoverHistory } from './recover-history.js';
import { standIn } from './stand-in.js';

/** How long the ledger may stand still before a pass goes on without it, in milliseconds. */
const LEDGER_PATIENCE_MS = 60_000;
/** Slots below where the last pass read that are looked at again: records of them may have come later. */
const OVERLAP_SLOTS = 64;
/** How often a run's document says how far it is, in milliseconds. */
const REPORT_EVERY_MS = 2_000;
/** Between two passes where no schedule says so, in milliseconds. */
const DEFAULT_INTERVAL_MS = 300_000;
/** Documents of the rotation at each pass at least: they cost one request. */
const LEAST_SHARE = 100;

/** Writes under the reconcile lease (I8). */
type Commit = <T>(body: (session: mongo.ClientSession) => Promise<T>) => Promise<T>;

/** What is shown while a pass goes on. */
export type ShowProgress = (tally: PassTally, phase: string) => void;

export interface PassOptions {
  /** The reconcile lease: what is written is written under it (I8). */
  readonly lease: HeldLease;
  readonly signal: AbortSignal;
  readonly mayMarkMany?: boolean;
  /**
   * False in an event worker: it waits for the programs' leases itself, and its listeners would hear nothing of what a
   * stand-in in its own process projects.
   */
  readonly standsIn?: boolean;
  readonly onProgress?: ShowProgress;
}

/**
 * Makes one pass over a program and keeps its run. Where nobody holds the program's lease, this process does for as long.
 * A pass that fails is a run that says so; only a lost lease is thrown.
 * @throws StaleFenceError
 */
export async function makePass(
  foundation: Foundation,
  installed: InstalledModule,
  asked: ReconcileRun,
  { lease, signal, mayMarkMany = false, standsIn = true, onProgress = () => {} }: PassOptions,
): Promise<ReconcileRun> {
  const { config, log, metrics, mongo, pool, machine } = foundation;
  const { clock, holder } = machine;
  const { db } = mongo;
  const { name: program } = installed.module;
  const bill = new RpcBill({ ...DEFAULT_CREDITS, ...config.rpcCredits });
  const view = pool.metered(bill.meter);
  const tally = new PassTally();
  const startedAt = new Date(clock.now());
  const begun: ReconcileRun = { ...asked, state: 'running', by: holder, startedAt };
  const commit: Commit = (body) =>
    inLeaseTransaction(db, lease, async (session) => {
      const result = await body(session);
      await touchLease(db, lease, session);
      return result;
    });
  await commit((session) => beginRun(db, session, begun));
  const substitute = standsIn ? standIn(foundation, installed) : null;
  const known = () => ({
    ...{ counts: tally.counts, differences: tally.differences, omitted: tally.omitted, notes: tally.notes },
    ...{ slot: tally.slot, cost: bill.cost },
  });
  let reportedMs = clock.monotonic();
  const ended = async (end: Partial<ReconcileRun>): Promise<ReconcileRun> => {
    const endedAt = new Date(clock.now());
    const result = { ...known(), ...end, endedAt, durationMs: endedAt.getTime() - startedAt.getTime() };
    await commit(async (session) => {
      await updateRun(db, asked.id, holder, result, session);
    });
    return { ...begun, ...result };
  };
  try {
    onProgress(tally, 'waiting for the ledger');
    const head = await view.chain.slot('finalized');
    // Also where no account is read: the next pass begins with what was touched since.
    tally.readAt(head);
    if (!(await awaitLedger(foundation, program, head, LEDGER_PATIENCE_MS, signal))) {
      tally.note(
        'the ledger is not complete up to the finalized head: is an event worker running, and what does it say?',
      );
    }
    const plan = await planOf(foundation, installed, begun, mayMarkMany);
    const outcome = await reconcileProgram(
      {
        ...{ db, clock, log, chain: view.chain, members: view.members, commit, signal },
        patienceMs: LEDGER_PATIENCE_MS,
        hurry: () => substitute?.sweepSoon(),
        recoverHistory: async (stop) => {
          const recovered = await recoverHistory(foundation, installed, view, stop);
          if (recovered.kind === 'incomplete') tally.note(`the history was not looked at as a whole: ${recovered.why}`);
          if (recovered.recovered > 0) await awaitLedger(foundation, program, head, LEDGER_PATIENCE_MS, stop);
          return { recovered: recovered.recovered, isWhole: recovered.kind === 'complete' };
        },
        onProgress: (now, phase) => {
          onProgress(now, phase);
          if (clock.monotonic() - reportedMs < REPORT_EVERY_MS) return;
          reportedMs = clock.monotonic();
          // Only for people who look meanwhile; the end of the run says it all.
          updateRun(db, asked.id, holder, known()).catch(() => undefined);
        },
      },
      installed.module,
      installed.codec,
      plan,
      tally,
    );
    const dead = await ledgerEvents(db).countDocuments({ program, state: 'dead', dismissedAt: null });
    if (dead > 0) {
      tally.note(
        `${dead} records could not take effect, and what they say is in no document: \`npm run dead-letters list\``,
      );
    }
    if (signal.aborted) return await ended({ state: 'interrupted', error: 'told to stop' });
    const run = await ended({ state: 'done', ...outcome });
    await alertOfDrift(foundation, run, commit);
    metrics.reconcileRunsTotal.inc({ program, scope: run.scope, state: run.state });
    log.info(
      { program, run: run.id, scope: run.scope, ...run.counts, ...run.cost, durationMs: run.durationMs },
      'reconcile pass done',
    );
    return run;
  } catch (error) {
    if (error instanceof StaleFenceError) throw error;
    const state = signal.aborted ? 'interrupted' : 'failed';
    log.warn({ program, run: asked.id, error: messageOf(error) }, 'reconcile pass failed; the next one begins anew');
    metrics.reconcileRunsTotal.inc({ program, scope: asked.scope, state });
    return await ended({ state, error: messageOf(error) });
  } finally {
    await substitute?.stop();
  }
}

/** What a pass looks at, by what the ones before it saw. */
async function planOf(
  { config, mongo: { db }, machine: { clock } }: Foundation,
  { module }: InstalledModule,
  run: ReconcileRun,
  mayMarkMany: boolean,
): Promise<PassPlan> {
  const upTo = new Date(clock.now());
  const last = await readLastRun(db, module.name, { states: ['done'], upTo });
  const lastChanges = await readLastRun(db, module.name, { states: ['done'], scope: 'changes', upTo });
  let documents = 0;
  for (const { collection } of module.models) documents += await db.collection(collection).estimatedDocumentCount();
  const { reconcileSchedule, reconcileFullIntervalMs } = config;
  const intervalMs = reconcileSchedule === null ? 0 : intervalOf(reconcileSchedule, new Date(clock.now()));
  return {
    ...{ run: run.id, scope: run.scope, mayMarkMany },
    sinceSlot: Math.max(0, (last?.slot ?? 0) - OVERLAP_SLOTS),
    suspects: (last?.suspects ?? []).filter((name: unknown): name is string => typeof name === 'string'),
    rotation: lastChanges?.rotation ?? null,
    share: Math.max(
      LEAST_SHARE,
      shareOfRotation(documents, intervalMs || DEFAULT_INTERVAL_MS, reconcileFullIntervalMs),
    ),
  };
}

/** Drift above the threshold is an alert until a pass finds none. */
async function alertOfDrift(
  { config, mongo: { db }, machine: { clock }, log, metrics }: Foundation,
  run: ReconcileRun,
  commit: Commit,
): Promise<void> {
  const { missing, drifted, orphaned, unrecorded, left } = run.counts;
  const wrong = missing + drifted + orphaned;
  const { program } = run;
  metrics.reconcileWrongDocuments.set({ program }, wrong);
  const id = `${RECONCILE_DRIFT}/${program}`;
  const now = new Date(clock.now());
  if (wrong <= config.reconcileDriftAlert) {
    const isCleared = await commit((session) => clearAlert(db, session, id, now));
    if (isCleared) log.info({ program, alert: id }, 'alert cleared: no more drift than allowed');
    return;
  }
  const details = { run: run.id, missing, drifted, orphaned, unrecorded, left };
  const message = `${wrong} documents of ${program} were not what the chain says; see reconcile run ${run.id}`;
  const alert = { id, kind: RECONCILE_DRIFT, program, message, details };
  if (await commit((session) => raiseAlert(db, session, alert, now))) {
    log.error({ program, alert: id, ...details }, message);
  }
}
