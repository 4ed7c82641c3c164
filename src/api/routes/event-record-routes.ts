import { Router } from 'express';
import { ingestSendEvents, type IngestDeps } from '../../delivery/records/ingest-send-event.js';
import { cancelRecord, findRecord, listRecords } from '../../delivery/records/list-records.js';
import type { TimePlace } from '../../lib/older-than.js';
import { environmentOf } from '../authenticate.js';
import { readNewestFirst } from '../list-page.js';
import { readPaging, refuse } from '../list-query.js';
import { Problem, type FieldError } from '../problem.js';
import { readRecordFilter } from '../record-query.js';
import { recordViews } from '../record-view.js';
import { jsonBody, validated } from '../request-validation.js';
import { sendEventSchema, sendEventsSchema } from '../send-event-request.js';

/** Events that are told to dispatchers: sending them, and what became of them. All of the environment of the API key. */
export function eventRecordRoutes(
  deps: IngestDeps & { readonly wakeDesks: () => void },
  programs: readonly string[],
): Router {
  const { db } = deps;
  const one = sendEventSchema(programs);
  const several = sendEventsSchema(programs);
  const router = Router();
  router.post('/event-records', async (request, response) => {
    const environment = environmentOf(response.locals);
    const body = jsonBody(request);
    const isBulk = typeof body === 'object' && body !== null && Object.hasOwn(body, 'events');
    const events = isBulk ? validated(several, body).events : [validated(one, body)];
    const ingested = await ingestSendEvents(
      deps,
      environment,
      events.map(({ accountId, deliverAt, deliverAfter, ...event }) => ({
        event,
        options: { accountId, deliverAt, deliverAfter },
      })),
    );
    deps.wakeDesks();
    const views = await recordViews(
      db,
      ingested.map(({ record }) => record),
    );
    const items = ingested.map(({ outcome }, position) => ({ outcome, record: views[position] }));
    response.status(ingested.some(({ outcome }) => outcome === 'created') ? 201 : 200);
    response.json(isBulk ? { items } : items[0]);
  });
  router.get('/event-records', async (request, response) => {
    const environment = environmentOf(response.locals);
    const errors: FieldError[] = [];
    const { limit, cursor, rest } = readPaging(request.query, errors);
    const filter = readRecordFilter(rest, errors);
    refuse(errors);
    const list = `event-records?${environment}${JSON.stringify(Object.entries(filter).sort())}`;
    const read = (most: number, after: TimePlace | null) => listRecords(db, environment, filter, after, most);
    const { shown, nextCursor } = await readNewestFirst({ list, limit, cursor }, read, ({ _id }) => _id);
    response.json({ items: await recordViews(db, shown), nextCursor });
  });
  router.get('/event-records/:id', async (request, response) => {
    const { id } = request.params;
    const record = await findRecord(db, environmentOf(response.locals), id);
    if (!record) throw unknown(id);
    const [view] = await recordViews(db, [record]);
    response.json(view);
  });
  router.delete('/event-records/:id', async (request, response) => {
    const { id } = request.params;
    const outcome = await cancelRecord(db, environmentOf(response.locals), id);
    if (outcome === 'unknown') throw unknown(id);
    if (outcome !== 'cancelled') {
      const why = outcome === 'chain' ? 'is of the chain' : 'was delivered already';
      throw new Problem('conflict', `The event ${id} ${why}: it cannot be cancelled.`);
    }
    deps.metrics.eventRecordsTotal.inc({ origin: 'application', outcome });
    response.json({ id, outcome });
  });
  return router;
}

function unknown(id: string): Problem {
  return new Problem('not-found', `There is no event record ${id}.`);
}
