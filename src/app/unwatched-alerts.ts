import { holdOnce } from '../leases/hold-once.js';
import { commitUnderLease } from '../leases/lease-transaction.js';
import { leaseWork } from '../leases/lease-work.js';
import { watchHolder } from '../leases/watch-holder.js';
import { clearAlert, listFiringAlerts, type Alert } from '../ops/alert-store.js';
import { changeOf, holdOn, type Held } from '../ops/alerts/hysteresis.js';
import { programAlertsLease } from './alert-leases.js';
import type { Foundation } from './foundation.js';

/** So many times ALERT_HOLD_MS nobody must watch a program: a deployment that takes minutes takes nothing back. */
const HOLDS = 10;

/**
 * A look that clears what fires about programs that no process watches any more: nobody else ever would. It does so under the
 * lease of that watch, which it cannot get where somebody does watch.
 */
export function clearUnwatched(foundation: Foundation, lost: AbortSignal): () => Promise<void> {
  const { config, log, modules, mongo, machine } = foundation;
  const { db } = mongo;
  const { clock, holder } = machine;
  const termMs = config.leaseTermMs;
  const conditions = new Map<string, Held>();
  const own = new Set(modules.map(({ module }) => module.name));
  const afterMs = HOLDS * config.alertHoldMs;

  return async () => {
    const firing = (await listFiringAlerts(db)).filter(({ program }) => program !== null && !own.has(program));
    const programs = new Set(firing.map(({ program }) => String(program)));
    for (const program of conditions.keys()) if (!programs.has(program)) conditions.delete(program);
    for (const program of programs) {
      const { isAlive } = await watchHolder(db, clock, programAlertsLease(program), termMs, lost);
      if (lost.aborted) return;
      const nowMs = clock.monotonic();
      const held = holdOn(conditions.get(program) ?? null, isAlive ? 'between' : 'well', nowMs);
      conditions.set(program, held);
      const hold = { fireAfterMs: afterMs, clearAfterMs: afterMs };
      if (changeOf(true, held, nowMs, hold) !== 'clear') continue;
      await clearAll(
        program,
        firing.filter((alert) => alert.program === program),
      );
    }
  };

  async function clearAll(program: string, alerts: readonly Alert[]): Promise<void> {
    const reason = `no process watches ${program} any more (PROGRAMS)`;
    await holdOnce({ db, clock, log, holder, termMs, signal: lost }, programAlertsLease(program), async (lease) => {
      for (const { id, message } of alerts) {
        const now = new Date(clock.now());
        const isCleared = await commitUnderLease(db, leaseWork(lease), (session) =>
          clearAlert(db, session, id, now, `${reason}; it was: ${message}`),
        );
        if (isCleared) log.info({ alert: id }, `cleared: ${reason}`);
      }
    });
  }
}
