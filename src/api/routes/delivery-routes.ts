import { Router } from 'express';
import type { mongo } from 'mongoose';
import { DELIVERY_STATES } from '../../delivery/desk/delivery.js';
import { findDelivery, listDeliveries, type DeliveryFilter } from '../../delivery/desk/list-deliveries.js';
import { sendAnew } from '../../delivery/desk/send-anew.js';
import type { Clock } from '../../lib/clock.js';
import type { TimePlace } from '../../lib/older-than.js';
import { environmentOf } from '../authenticate.js';
import { deliveryView, deliveryWithHistory } from '../delivery-view.js';
import { readNewestFirst } from '../list-page.js';
import { readPaging, refuse } from '../list-query.js';
import { Problem, type FieldError } from '../problem.js';
import { readFilters } from '../read-filters.js';
import { jsonBody, validated, noFields } from '../request-validation.js';
import { wildcard } from './document-routes.js';

export interface DeliveryRouteDeps {
  readonly db: mongo.Db;
  readonly clock: Pick<Clock, 'now'>;
  /** Tells desks that they have something to do. */
  readonly wakeDesks: (desks: ReadonlySet<number>) => void;
}

/** Why nobody is told of something anew. */
export const TAKEN_BACK = 'A fork has dropped what it tells: whoever was told hears of that instead.';

/** Filters of the list. */
export const DELIVERY_FILTERS = { record: null, dispatcher: null, state: DELIVERY_STATES } as const;

/** Events on their way to dispatchers of the key's environment. Ids have a slash: percent-encoded or as it is. */
export function deliveryRoutes({ db, clock, wakeDesks }: DeliveryRouteDeps): Router {
  const router = Router();
  router.get('/deliveries', async (request, response) => {
    const environment = environmentOf(response.locals);
    const errors: FieldError[] = [];
    const { limit, cursor, rest } = readPaging(request.query, errors);
    const filters = readFilters(DELIVERY_FILTERS, rest, errors);
    refuse(errors);
    const { record, dispatcher, state } = filters;
    const list = `deliveries?${JSON.stringify([environment, record ?? null, dispatcher ?? null, state ?? null])}`;
    const read = (most: number, after: TimePlace | null) =>
      listDeliveries(db, environment, filters as DeliveryFilter, most, after);
    const { shown, nextCursor } = await readNewestFirst({ list, limit, cursor }, read, ({ _id }) => _id);
    response.json({ items: shown.map(deliveryView), nextCursor });
  });
  router.get('/deliveries/*id', async (request, response) => {
    const id = wildcard(request.params.id);
    const delivery = await findDelivery(db, environmentOf(response.locals), id);
    if (!delivery) throw noDelivery(id);
    response.json(deliveryWithHistory(delivery));
  });
  router.post('/deliveries/*id/resend', async (request, response) => {
    const id = wildcard(request.params.id);
    validated(noFields, jsonBody(request));
    const outcome = await sendAnew(db, environmentOf(response.locals), id, new Date(clock.now()));
    if (outcome.kind === 'unknown') throw noDelivery(id);
    if (outcome.kind === 'taken-back') throw new Problem('conflict', TAKEN_BACK);
    const { delivery } = outcome;
    if (outcome.kind === 'under-way') {
      throw new Problem('conflict', 'It is being delivered, or waits for an earlier one of its order.');
    }
    wakeDesks(new Set([delivery.desk]));
    response.status(202).json(deliveryWithHistory(delivery));
  });
  return router;
}

function noDelivery(id: string): Problem {
  return new Problem('not-found', `There is no delivery ${id}.`);
}
