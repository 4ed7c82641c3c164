import { Router } from 'express';
import { z } from 'zod';
import { readListPage } from '../list-page.js';
import { readPaging, refuse } from '../list-query.js';
import { RECONCILE_SCOPES, RECONCILE_STATES, type ReconcileRuns, type ReconcileRunView } from '../ports.js';
import { Problem, type FieldError } from '../problem.js';
import { jsonValue } from '../../lib/json-value.js';
import { jsonBody, validated } from '../request-validation.js';

export interface ReconcileRouteDeps {
  readonly reconcileRuns: ReconcileRuns;
  readonly programs: readonly string[];
}

/** What a request for a run says; a program may be left out where there is one only. */
export function reconcileRequestSchema(programs: readonly string[]) {
  const program = z.enum(programs as [string, ...string[]]);
  const [only] = programs;
  return z.strictObject({
    program: programs.length === 1 && only !== undefined ? program.default(only) : program,
    scope: z.enum(RECONCILE_SCOPES).default('everything'),
  });
}

/** Runs of reconcile: what was compared with the chain, what was wrong, and a request for another. */
export function reconcileRoutes({ reconcileRuns, programs }: ReconcileRouteDeps): Router {
  const schema = reconcileRequestSchema(programs);
  const router = Router();
  router.get('/reconcile-runs', async (request, response) => {
    const errors: FieldError[] = [];
    const { limit, cursor, rest } = readPaging(request.query, errors);
    const filter = readFilter(rest, programs, errors);
    refuse(errors);
    const list = `reconcile-runs?${JSON.stringify(filter)}`;
    const { shown, nextCursor } = await readListPage<ReconcileRunView, readonly [string, string]>(
      { list, limit, cursor },
      ['string', 'string'],
      (most, after) => reconcileRuns.list(filter, most, after),
      ({ requestedAt, id }) => [requestedAt.toISOString(), id],
    );
    response.json({ items: shown.map(runView), nextCursor });
  });
  router.get('/reconcile-runs/:id', async (request, response) => {
    const run = await reconcileRuns.read(request.params.id);
    if (!run) throw new Problem('not-found', `There is no reconcile run ${request.params.id}.`);
    response.json(runView(run));
  });
  router.post('/reconcile-runs', async (request, response) => {
    const { program, scope } = validated(schema, jsonBody(request));
    const run = await reconcileRuns.request(program, scope);
    response.status(202).setHeader('Location', `${request.baseUrl}/reconcile-runs/${run.id}`);
    response.json(runView(run));
  });
  return router;
}

function runView({ suspects, rotation, ...run }: ReconcileRunView): unknown {
  // Where the next one goes on is nobody's business but its own.
  void [suspects, rotation];
  return jsonValue(run);
}

function readFilter(
  query: Readonly<Record<string, unknown>>,
  programs: readonly string[],
  errors: FieldError[],
): Record<string, string> {
  const choices: Readonly<Record<string, readonly string[]>> = { program: programs, state: RECONCILE_STATES };
  const filter: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    const allowed = Object.hasOwn(choices, name) ? choices[name] : undefined;
    if (!allowed) errors.push({ field: name, message: 'is not a filter of this list; filters are program, state' });
    else if (typeof value !== 'string') errors.push({ field: name, message: 'must be given once' });
    else if (!allowed.includes(value)) errors.push({ field: name, message: `must be one of ${allowed.join(', ')}` });
    else filter[name] = value;
  }
  return filter;
}
