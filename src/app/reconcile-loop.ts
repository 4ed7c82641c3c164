import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { keepLease } from '../leases/lease-keeper.js';
import { StaleFenceError, touchLease, type HeldLease } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { messageOf } from '../lib/errors.js';
import {
  endAbandonedRuns,
  forgetRunsBefore,
  newRun,
  readLastRun,
  readRequestedRuns,
} from '../reconcile/reconcile-run.js';
import { countedSince, nextPassAt, scopeOf } from '../reconcile/schedule.js';
import type { Foundation, InstalledModule } from './foundation.js';
import { makePass } from './reconcile-pass.js';

/** The lease of whoever reconciles: one process at a time in a fleet. */
export const RECONCILE_LEASE = 'reconcile';

/** How often it is looked whether a pass is due or asked for, in milliseconds. */
const LOOK_EVERY_MS = 1_000;

/**
 * Reconciles by the schedule and on request for as long as the lease is held here, until `stop` is aborted. `standsIn`:
 * whether this process takes the leases of programs that nobody projects meanwhile.
 */
export function keepReconciling(foundation: Foundation, stop: AbortSignal, standsIn: boolean): Promise<void> {
  const { config, log, mongo, machine } = foundation;
  const options = { db: mongo.db, clock: machine.clock, log, holder: machine.holder, termMs: config.leaseTermMs };
  return keepLease(options, RECONCILE_LEASE, stop, (work, lost) => reconcileUntil(foundation, work, lost, standsIn));
}

async function reconcileUntil(
  foundation: Foundation,
  { lease }: LeaseWork,
  lost: AbortSignal,
  standsIn: boolean,
): Promise<void> {
  const { log, machine, modules } = foundation;
  const { clock } = machine;
  await endRunsOfOthers(foundation, lease);
  const beganAt = new Date(clock.now());
  while (!lost.aborted) {
    try {
      for (const installed of modules) {
        if (lost.aborted) return;
        await passIfDue(foundation, installed, beganAt, { lease, signal: lost, standsIn });
      }
    } catch (error) {
      if (error instanceof StaleFenceError) throw error;
      log.warn({ error: messageOf(error) }, 'could not reconcile; trying again');
    }
    await clock.sleep(LOOK_EVERY_MS, lost);
  }
}

/** What was running under the lease before it was ours has ended, whatever its document says. */
export async function endRunsOfOthers({ mongo: { db }, machine }: Foundation, lease: HeldLease): Promise<void> {
  await inLeaseTransaction(db, lease, async (session) => {
    await endAbandonedRuns(db, session, new Date(machine.clock.now()));
    await touchLease(db, lease, session);
  });
}

/** Makes the passes that were asked for, and the scheduled one when its time has come. */
async function passIfDue(
  foundation: Foundation,
  installed: InstalledModule,
  beganAt: Date,
  options: Parameters<typeof makePass>[3],
): Promise<void> {
  const { config, mongo, machine } = foundation;
  const { db } = mongo;
  const { name: program } = installed.module;
  const now = () => new Date(machine.clock.now());
  for (const asked of await readRequestedRuns(db, [program])) {
    if (options.signal.aborted) return;
    await makePass(foundation, installed, asked, options);
  }
  if (config.reconcileSchedule === null || options.signal.aborted) return;
  const last = await readLastRun(db, program, { trigger: 'schedule', upTo: now() });
  const dueAt = nextPassAt(config.reconcileSchedule, countedSince(last, beganAt));
  if (dueAt === null || dueAt > now()) return;
  const lastEverything = await readLastRun(db, program, { states: ['done'], scope: 'everything', upTo: now() });
  const scope = scopeOf(lastEverything, config.reconcileFullIntervalMs, now());
  await makePass(foundation, installed, newRun({ program, scope, trigger: 'schedule' }, now()), options);
  await forgetRunsBefore(db, new Date(now().getTime() - config.reconcileKeepRunsMs));
}
