import { holdOnce } from '../leases/hold-once.js';
import { newRun, type ReconcileRun, type ReconcileScope } from '../reconcile/reconcile-run.js';
import type { Foundation, InstalledModule } from './foundation.js';
import { makePass, type ShowProgress } from './reconcile-pass.js';
import { endRunsOfOthers, RECONCILE_LEASE } from './reconcile-loop.js';
import { readRun, requestRun } from '../reconcile/reconcile-run.js';

/** How often a run that another process makes is looked at, in milliseconds. */
const WATCH_EVERY_MS = 500;
/** A request that nobody takes for so long is looked after here, in milliseconds: its taker may have gone. */
const UNTAKEN_MS = 5_000;

export interface ReconcileOptions {
  readonly scope: ReconcileScope;
  readonly signal?: AbortSignal;
  readonly onProgress?: ShowProgress;
  /** Once, where somebody else reconciles: it is asked to, and watched. */
  readonly onElsewhere?: (holder: string) => void;
}

/**
 * Reconciles these programs now: in this process where nobody else reconciles, otherwise by asking whoever does. Returns
 * their runs as they ended, or as they stood when the signal came.
 */
export async function runReconcile(
  foundation: Foundation,
  programs: readonly InstalledModule[],
  { scope, signal = new AbortController().signal, onProgress, onElsewhere }: ReconcileOptions,
): Promise<ReconcileRun[]> {
  const { config, log, mongo, machine } = foundation;
  const { clock, holder } = machine;
  let wanted = programs.map((installed) => ({
    installed,
    run: newRun({ program: installed.module.name, scope, trigger: 'command' }, new Date(clock.now())),
  }));
  const ended = new Map<string, ReconcileRun>();
  let isAsked = false;
  while (ended.size < wanted.length && !signal.aborted) {
    const open = wanted.filter(({ run }) => !ended.has(run.id));
    const outcome = await holdOnce(
      { db: mongo.db, clock, log, holder, termMs: config.leaseTermMs, signal },
      RECONCILE_LEASE,
      async (lease, lost) => {
        await endRunsOfOthers(foundation, lease);
        const stop = AbortSignal.any([signal, lost]);
        for (const { installed, run } of open) {
          // Whoever reconciled until now may have made it.
          const seen = await readRun(mongo.db, run.id);
          const isMade = seen !== null && seen.state !== 'requested';
          const options = { lease, signal: stop, mayMarkMany: true, ...(onProgress ? { onProgress } : {}) };
          ended.set(run.id, isMade ? seen : await makePass(foundation, installed, run, options));
          if (stop.aborted) return;
        }
      },
    );
    if (outcome.kind !== 'busy') break;
    if (!isAsked) {
      onElsewhere?.(outcome.holder);
      wanted = await Promise.all(
        wanted.map(async ({ installed, run }) => ({
          installed,
          run: ended.has(run.id) ? run : await requestRun(mongo.db, run, new Date(clock.now())),
        })),
      );
    }
    isAsked = true;
    for (const { run } of wanted.filter(({ run: { id } }) => !ended.has(id))) {
      const seen = await watchRun(foundation, run, signal);
      if (seen.state !== 'requested') ended.set(run.id, seen);
    }
  }
  return wanted.flatMap(({ run }) => ended.get(run.id) ?? (isAsked ? [run] : []));
}

/**
 * Waits for the end of a run that somebody else makes. One that nobody begins is given back as requested: a command that
 * reconciled may have ended without looking for others. Where the signal comes first it goes on without us.
 */
async function watchRun({ mongo, machine }: Foundation, run: ReconcileRun, signal: AbortSignal): Promise<ReconcileRun> {
  const { clock } = machine;
  const deadline = clock.monotonic() + UNTAKEN_MS;
  let seen = run;
  while (!signal.aborted) {
    seen = (await readRun(mongo.db, run.id)) ?? seen;
    if (seen.state !== 'requested' && seen.state !== 'running') break;
    if (seen.state === 'requested' && clock.monotonic() >= deadline) break;
    await clock.sleep(WATCH_EVERY_MS, signal);
  }
  return seen;
}
