import type { ReconcileRuns, ReconcileRunView } from '../api/ports.js';
import { listRuns, readRun, requestRun, type ReconcileRun, type ReconcileState } from '../reconcile/reconcile-run.js';
import type { Foundation } from './foundation.js';

/** The runs of the database, for the API. */
export function createReconcileRuns({ mongo: { db }, machine: { clock } }: Foundation): ReconcileRuns {
  const view = (run: ReconcileRun): ReconcileRunView => ({ ...run });
  return {
    list: async ({ program, state }, limit, after) => {
      const filter = {
        ...(program === undefined ? {} : { program }),
        ...(state === undefined ? {} : { state: state as ReconcileState }),
      };
      const before = after && { requestedAt: new Date(after[0]), id: after[1] };
      return (await listRuns(db, filter, limit, before ?? undefined)).map(view);
    },
    read: async (id) => {
      const run = await readRun(db, id);
      return run && view(run);
    },
    request: async (program, scope) =>
      view(await requestRun(db, { program, scope, trigger: 'api' }, new Date(clock.now()))),
  };
}
