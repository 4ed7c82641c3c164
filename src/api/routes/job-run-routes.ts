import { Router } from 'express';
import type { mongo } from 'mongoose';
import { JOB_RUN_STATES } from '../../delivery/jobs/job-run.js';
import { cancelRun } from '../../delivery/jobs/job-store.js';
import { findRun, listRuns, type JobRunFilter } from '../../delivery/jobs/list-runs.js';
import type { Clock } from '../../lib/clock.js';
import type { TimePlace } from '../../lib/older-than.js';
import { environmentOf } from '../authenticate.js';
import { jobRunView, jobRunWithLogs } from '../delivery-view.js';
import { readNewestFirst } from '../list-page.js';
import { readPaging, refuse } from '../list-query.js';
import { Problem, type FieldError } from '../problem.js';
import { readFilters } from '../read-filters.js';
import { jsonBody, validated, noFields } from '../request-validation.js';

/** Filters of the list. */
export const JOB_RUN_FILTERS = { job: null, record: null, state: JOB_RUN_STATES } as const;

/** Jobs on their way through events of the key's environment. */
export function jobRunRoutes({ db, clock }: { readonly db: mongo.Db; readonly clock: Pick<Clock, 'now'> }): Router {
  const router = Router();
  router.get('/job-runs', async (request, response) => {
    const environment = environmentOf(response.locals);
    const errors: FieldError[] = [];
    const { limit, cursor, rest } = readPaging(request.query, errors);
    const filters = readFilters(JOB_RUN_FILTERS, rest, errors);
    refuse(errors);
    const { job, record, state } = filters;
    const list = `job-runs?${JSON.stringify([environment, job ?? null, record ?? null, state ?? null])}`;
    const read = (most: number, after: TimePlace | null) =>
      listRuns(db, environment, filters as JobRunFilter, most, after);
    const { shown, nextCursor } = await readNewestFirst({ list, limit, cursor }, read, ({ _id }) => _id);
    response.json({ items: shown.map(jobRunView), nextCursor });
  });
  router.get('/job-runs/:id', async (request, response) => {
    response.json(jobRunWithLogs(await shown(environmentOf(response.locals), request.params.id)));
  });
  router.post('/job-runs/:id/cancel', async (request, response) => {
    const { id } = request.params;
    validated(noFields, jsonBody(request));
    const environment = environmentOf(response.locals);
    const outcome = await cancelRun(db, environment, id, new Date(clock.now()));
    if (outcome === 'unknown') throw noRun(id);
    const run = await shown(environment, id);
    if (outcome === 'ended') throw new Problem('conflict', `The run is over: it is ${run.state}.`);
    // Whoever runs it sees the wish when it shows that it lives.
    if (outcome === 'asked') response.status(202);
    response.json(jobRunWithLogs(run));
  });
  return router;

  async function shown(environment: string, id: string) {
    const run = await findRun(db, environment, id);
    if (!run) throw noRun(id);
    return run;
  }
}

function noRun(id: string): Problem {
  return new Problem('not-found', `There is no job run ${id}.`);
}
