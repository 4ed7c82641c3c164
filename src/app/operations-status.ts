import { listFiringAlerts } from '../ops/alert-store.js';
import { countOpenMessages } from '../ledger/outbox-lists.js';
import { readLastRun } from '../reconcile/reconcile-run.js';
import type { Foundation } from './foundation.js';

/** What else `/api/status` shows: each program's last reconcile run, the outbox, and what fires. */
export function createOperationsStatus({
  config,
  mongo: { db },
  modules,
}: Foundation): () => Promise<Readonly<Record<string, unknown>>> {
  return async () => {
    const reconcile = await Promise.all(
      modules.map(async ({ module }) => {
        const run = await readLastRun(db, module.name);
        if (!run) return { program: module.name, lastRun: null };
        const { id, scope, state, by, startedAt, endedAt, counts, error } = run;
        return { program: module.name, lastRun: { id, scope, state, by, startedAt, endedAt, counts, error } };
      }),
    );
    const outbox = { ...(await countOpenMessages(db)), smtpUrlSet: config.smtpUrl !== null };
    return { reconcile, outbox, alerts: await listFiringAlerts(db) };
  };
}
