import { Router } from 'express';
import type { mongo } from 'mongoose';
import type { DispatcherStore } from '../../delivery/dispatchers/dispatcher-store.js';
import { accountsOf, type ExternalAccount } from '../../delivery/environments/external-accounts.js';
import { programOf } from '../../delivery/records/chain-event-name.js';
import { needsCommitLog } from '../../delivery/records/relay/relay-state.js';
import { CHAIN_SOURCE } from '../../delivery/records/send-event.js';
import type { Clock } from '../../lib/clock.js';
import { environmentOf } from '../authenticate.js';
import {
  dispatchableIdSchema,
  dispatcherSchema,
  dryRunSchema,
  rotationSchema,
  type NamedProgram,
} from '../dispatcher-request.js';
import { oneDispatcherView } from '../dispatcher-view.js';
import { dryRun } from '../dry-run.js';
import { Problem } from '../problem.js';
import { readDispatcherPage } from '../read-dispatchers.js';
import { jsonBody, validated, noFields } from '../request-validation.js';

export interface DispatcherRouteDeps {
  readonly db: mongo.Db;
  readonly dispatchers: DispatcherStore;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Who wants to hear of which events. All of it is of the environment of the API key; of another one there is nothing here.
 * `programs`: whose events there can be. `allowPrivate`: webhooks may go to private addresses.
 */
export function dispatcherRoutes(
  { db, dispatchers, clock }: DispatcherRouteDeps,
  programs: readonly NamedProgram[],
  allowPrivate: boolean,
): Router {
  const definitionSchema = dispatcherSchema(programs, allowPrivate);
  const router = Router();
  router.get('/dispatchers', async (request, response) => {
    response.json(await readDispatcherPage(db, environmentOf(response.locals), request.query, clock.now()));
  });
  router.post('/dispatchers/dry-run', async (request, response) => {
    const { event, dispatchers: ids } = validated(dryRunSchema, jsonBody(request));
    response.json(await dryRun(db, environmentOf(response.locals), event, ids));
  });
  router.get('/dispatchers/:id', async (request, response) => {
    const { id } = request.params;
    const dispatcher = await dispatchers.read(environmentOf(response.locals), id);
    if (!dispatcher) throw noDispatcher(id);
    response.json(await oneDispatcherView(db, dispatcher, clock.now()));
  });
  router.put('/dispatchers/:dispatchableId', async (request, response) => {
    const { dispatchableId } = validated(dispatchableIdSchema, request.params);
    const environment = environmentOf(response.locals);
    const { accountId, ...wish } = validated(definitionSchema, jsonBody(request));
    const account = accountId === null ? null : await accountOf(environment, accountId);
    const { kind, dispatcher, secret } = await dispatchers.upsert(environment, dispatchableId, { ...wish, account });
    // From here on it is told of what happens, whoever relays it, and whenever.
    if (wish.source === CHAIN_SOURCE) await noteListener(wish.events);
    if (kind === 'created') response.status(201).setHeader('Location', `/api/dispatchers/${dispatcher._id}`);
    response.json({
      ...(await oneDispatcherView(db, dispatcher, clock.now())),
      ...(secret === null ? {} : { secret }),
    });
  });
  for (const [action, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    router.post(`/dispatchers/:id/${action}`, async (request, response) => {
      const { id } = request.params;
      validated(noFields, jsonBody(request));
      const dispatcher = await dispatchers.setEnabled(environmentOf(response.locals), id, enabled);
      if (!dispatcher) throw noDispatcher(id);
      response.json(await oneDispatcherView(db, dispatcher, clock.now()));
    });
  }
  router.post('/dispatchers/:id/rotate-secret', async (request, response) => {
    const { id } = request.params;
    const { keepOld } = validated(rotationSchema, jsonBody(request));
    const rotated = await dispatchers.rotateSecret(environmentOf(response.locals), id, keepOld);
    if (!rotated) throw noDispatcher(id);
    if (rotated.kind === 'unsigned') throw new Problem('conflict', 'It invokes a job: nothing is signed for it.');
    response.json({ id, secret: rotated.secret });
  });
  router.delete('/dispatchers/:id', async (request, response) => {
    const { id } = request.params;
    if (!(await dispatchers.remove(environmentOf(response.locals), id))) throw noDispatcher(id);
    response.status(204).end();
  });
  return router;

  async function noteListener(events: readonly string[]): Promise<void> {
    const names = programs.map(({ name }) => name);
    const heard = new Set(events.flatMap((event) => programOf(event, names) ?? []));
    for (const program of heard) await needsCommitLog(db, program, new Date(clock.now()));
  }

  /** It is made where there is none yet: the first event of an account may come later than who waits for it. */
  async function accountOf(environment: string, identifier: string): Promise<string> {
    const accounts = await accountsOf(db, environment, [identifier], new Date(clock.now()));
    return (accounts.get(identifier) as ExternalAccount)._id;
  }
}

/** 404. */
export function noDispatcher(id: string): Problem {
  return new Problem('not-found', `There is no dispatcher ${id}. It is asked for by the id of its answer, disp_….`);
}
