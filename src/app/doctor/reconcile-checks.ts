import { watchHolder } from '../../leases/watch-holder.js';
import { countRepairs, readFailedRepairs } from '../../ledger/repair-queue.js';
import type { Check } from '../../ops/doctor/check.js';
import { judgePasses, judgeReconciler, judgeRepairs } from '../../ops/doctor/judge-reconcile.js';
import { readLastRun } from '../../reconcile/reconcile-run.js';
import { intervalOf } from '../../reconcile/schedule.js';
import { RECONCILE_LEASE } from '../reconcile-loop.js';
import { DATABASE_ANSWERS } from './database-checks.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import type { Visit } from './visit.js';
import { unread } from './worker-checks.js';

/** Enough to say how many there are, where there are few. */
const FAILED_LOOKED_AT = 100;

/** Whether somebody compares documents with their accounts, when that was done last, and what came of it. */
export function reconcileChecks({ config, machine: { clock }, modules, database }: Visit): Check[] {
  if (config.mongodbUri === undefined) return [];
  const { reconcileSchedule: schedule, leaseTermMs } = config;
  const base = { group: 'reconcile', needs: [DATABASE_ANSWERS], whenUnread: unread } as const;
  return [
    {
      ...base,
      ...{ id: 'reconcile.alive', subject: null, checked: 'alive', limitMs: leaseTermMs + QUESTION_LIMIT_MS },
      look: async () => {
        const { db } = await database();
        return judgeReconciler(await watchHolder(db, clock, RECONCILE_LEASE, leaseTermMs), schedule);
      },
    },
    ...modules.flatMap(({ module: { name } }): Check[] => [
      {
        ...base,
        ...{ id: 'reconcile.last', subject: name, checked: 'last pass', limitMs: QUESTION_LIMIT_MS },
        look: async () => {
          const { db } = await database();
          const [last, lastDone] = await Promise.all([
            readLastRun(db, name),
            readLastRun(db, name, { states: ['done'] }),
          ]);
          const now = clock.now();
          const intervalMs = schedule === null ? 0 : intervalOf(schedule, new Date(now));
          return judgePasses(
            { schedule, intervalMs, last: last && begun(last), lastDone: lastDone && begun(lastDone) },
            now,
          );
        },
      },
      {
        ...base,
        ...{ id: 'reconcile.repairs', subject: name, checked: 'repairs', limitMs: QUESTION_LIMIT_MS },
        look: async () => {
          const { db } = await database();
          const [waiting, failed] = await Promise.all([
            countRepairs(db, name),
            readFailedRepairs(db, name, FAILED_LOOKED_AT),
          ]);
          return judgeRepairs({ waiting, failed });
        },
      },
    ]),
  ];
}

/** A run that began has a start, whatever its type allows. */
function begun<R extends { readonly startedAt: Date | null; readonly requestedAt: Date }>(
  run: R,
): R & { startedAt: Date } {
  return { ...run, startedAt: run.startedAt ?? run.requestedAt };
}
