import { holdOnce } from '../leases/hold-once.js';
import { MooringError } from '../lib/errors.js';
import { newRun, type ReconcileRun, type ReconcileScope } from '../reconcile/reconcile-run.js';
import type { Foundation, InstalledModule } from './foundation.js';
import { makePass, type ShowProgress } from './reconcile-pass.js';
import { RECONCILE_LEASE } from './reconcile-loop.js';
import { readRun, requestRun } from '../reconcile/reconcile-run.js';

/** How often a run that another process makes is looked at, in milliseconds. */
const WATCH_EVERY_MS = 500;

export interface ReconcileOptions {
  readonly scope: ReconcileScope;
  readonly signal?: AbortSignal;
  readonly onProgress?: ShowProgress;
  /** Once, where somebody else reconciles: it is asked to, and watched. */
  readonly onElsewhere?: (holder: string) => void;
}

/**
 * Reconciles these programs now: in this process where nobody else reconciles, otherwise by asking whoever does. Returns
 * their runs as they ended.
 * @throws MooringError `reconcile-interrupted` where the signal came first.
 */
export async function runReconcile(
  foundation: Foundation,
  programs: readonly InstalledModule[],
  { scope, signal = new AbortController().signal, onProgress, onElsewhere }: ReconcileOptions,
): Promise<ReconcileRun[]> {
  const { config, log, mongo, machine } = foundation;
  const { clock, holder } = machine;
  const runs: ReconcileRun[] = [];
  const outcome = await holdOnce(
    { db: mongo.db, clock, log, holder, termMs: config.leaseTermMs, signal },
    RECONCILE_LEASE,
    async (lease, lost) => {
      for (const installed of programs) {
        const run = newRun({ program: installed.module.name, scope, trigger: 'command' }, new Date(clock.now()));
        const stop = AbortSignal.any([signal, lost]);
        runs.push(
          await makePass(foundation, installed, run, {
            ...{ lease, signal: stop, mayMarkMany: true },
            ...(onProgress ? { onProgress } : {}),
          }),
        );
        if (stop.aborted) break;
      }
    },
  );
  if (outcome.kind === 'busy') {
    onElsewhere?.(outcome.holder);
    for (const { module } of programs) {
      const run = newRun({ program: module.name, scope, trigger: 'command' }, new Date(clock.now()));
      await requestRun(mongo.db, run);
      runs.push(await watchRun(foundation, run, signal));
    }
  }
  return runs;
}

/**
 * Waits for the end of a run that somebody else makes.
 * @throws MooringError
 */
async function watchRun({ mongo, machine }: Foundation, run: ReconcileRun, signal: AbortSignal): Promise<ReconcileRun> {
  while (!signal.aborted) {
    const seen = await readRun(mongo.db, run.id);
    if (seen && seen.state !== 'requested' && seen.state !== 'running') return seen;
    await machine.clock.sleep(WATCH_EVERY_MS, signal);
  }
  throw new MooringError(
    'reconcile-interrupted',
    `Run ${run.id} goes on without us: see /api/reconcile-runs/${run.id}.`,
  );
}
