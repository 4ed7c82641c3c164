import { readOwedDeliveries } from '../../delivery/desk/owed-deliveries.js';
import { deskLease } from '../../delivery/desk/run-desk.js';
import { findDisabledByUs } from '../../delivery/dispatchers/find-disabled.js';
import { readOpenVersions, servedVersion } from '../../delivery/jobs/open-versions.js';
import { watchNodes } from '../../leases/watch-nodes.js';
import { readDatabaseTime } from '../../store/database-time.js';
import type { Check } from '../../ops/doctor/check.js';
import {
  judgeDelivering,
  judgeDisabled,
  judgeOwedDeliveries,
  judgeVersions,
  type OwedDeliveriesReading,
} from '../../ops/doctor/judge-deliveries.js';
import { DATABASE_ANSWERS } from './database-checks.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import { once } from './once.js';
import type { Visit } from './visit.js';
import { unread } from './worker-checks.js';

/** A delivery leaves within a second of being due: a minute is no delay any more. Milliseconds. */
const PATIENCE_MS = 60_000;

/** Whether events reach those who want them. */
export function deliveryChecks({ config, machine: { clock }, database }: Visit): Check[] {
  if (config.mongodbUri === undefined) return [];
  const nodes = once(async () => watchNodes((await database()).db, clock, config.leaseTermMs));
  // What is due is so by this clock: this machine's may be off, which is another line's to say.
  const nowOfDatabase = once(async () => (await readDatabaseTime((await database()).db)) ?? clock.now());
  const owed = once(async (): Promise<OwedDeliveriesReading> => {
    const now = await nowOfDatabase();
    const since = (at: Date | null) => (at === null ? 0 : Math.max(0, now - at.getTime()));
    const { db } = await database();
    const { oldestDueAt, oldestEventAt, ...counts } = await readOwedDeliveries(
      db,
      new Date(now),
      new Date(now - PATIENCE_MS),
    );
    const workers = (await nodes()).live().filter(({ serves }) => serves.includes(deskLease(0))).length;
    return { ...counts, workers, oldestMs: since(oldestDueAt), oldestEventMs: since(oldestEventAt) };
  });
  const base = {
    ...({ group: 'deliveries', subject: null } as const),
    // Whoever is silent for a term is dead: that long it takes to know.
    limitMs: QUESTION_LIMIT_MS + config.leaseTermMs,
    ...{ needs: [DATABASE_ANSWERS], whenUnread: unread },
  };
  return [
    {
      ...base,
      ...{ id: 'deliveries.alive', checked: 'who delivers' },
      look: async () => judgeDelivering(await owed()),
    },
    { ...base, ...{ id: 'deliveries.owed', checked: 'due' }, look: async () => judgeOwedDeliveries(await owed()) },
    {
      ...base,
      ...{ id: 'deliveries.dispatchers', checked: 'disabled dispatchers' },
      look: async () => judgeDisabled(await findDisabledByUs((await database()).db)),
    },
    {
      ...base,
      ...{ id: 'deliveries.jobs', checked: 'versions of jobs' },
      look: async () => {
        const open = await readOpenVersions((await database()).db);
        const now = await nowOfDatabase();
        const served = new Set((await nodes()).live().flatMap(({ serves }) => serves));
        return judgeVersions(
          open.map(({ handler, runs, oldestDueAt }) => ({
            ...{ handler, runs, isServed: served.has(servedVersion(handler)) },
            oldestMs: Math.max(0, now - oldestDueAt.getTime()),
          })),
        );
      },
    },
  ];
}
