import { Router } from 'express';
import type { mongo } from 'mongoose';
import type { Model } from '../../domain-kit/model.js';
import { Problem } from '../problem.js';
import { readEvent, readEventPage } from '../read-events.js';
import { wildcard } from './document-routes.js';

/** The ledger: what happened, and what became of it. */
export function eventRoutes(db: mongo.Db, models: readonly Model[]): Router {
  const router = Router();
  router.get('/events', async (request, response) => {
    response.json(await readEventPage(db, models, request.query));
  });
  router.get('/events/*id', async (request, response) => {
    const id = wildcard(request.params.id);
    const event = await readEvent(db, id);
    if (!event) throw new Problem('not-found', `There is no event ${id}.`);
    response.json(event);
  });
  return router;
}
