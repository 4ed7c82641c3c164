import { Router } from 'express';
import type { mongo } from 'mongoose';
import { dismissDead, readDeadItem } from '../../ledger/dead-items.js';
import type { Clock } from '../../lib/clock.js';
import { apiKeyOf } from '../authenticate.js';
import type { RetryDead } from '../ports.js';
import { Problem } from '../problem.js';
import { deadLetterView, readDeadLetterPage } from '../read-dead-letters.js';
import { wildcard } from './document-routes.js';

export interface DeadLetterRouteDeps {
  readonly db: mongo.Db;
  readonly clock: Pick<Clock, 'now'>;
  readonly retryDead: RetryDead;
  readonly programs: readonly string[];
}

/** What waits for an operator. Ids have slashes: they may come percent-encoded or as they are. */
export function deadLetterRoutes({ db, clock, retryDead, programs }: DeadLetterRouteDeps): Router {
  const router = Router();
  router.get('/dead-letters', async (request, response) => {
    response.json(await readDeadLetterPage(db, programs, request.query));
  });
  router.get('/dead-letters/*id', async (request, response) => {
    const id = wildcard(request.params.id);
    const item = await readDeadItem(db, id);
    if (!item) throw nothingDead(id);
    response.json(deadLetterView(item));
  });
  router.post('/dead-letters/*id/retry', async (request, response) => {
    const id = wildcard(request.params.id);
    const { kind, ...outcome } = await retryDead(id);
    if (kind === 'gone') throw nothingDead(id);
    response.json({ id, outcome: kind, ...outcome });
  });
  router.post('/dead-letters/*id/drop', async (request, response) => {
    const id = wildcard(request.params.id);
    const dropped = await dismissDead(db, [id], apiKeyOf(response.locals).name, new Date(clock.now()));
    const item = await readDeadItem(db, id);
    if (!item) throw nothingDead(id);
    response.json({ id, outcome: dropped > 0 ? 'dropped' : 'dropped-before', dismissedBy: item.dismissedBy });
  });
  return router;
}

function nothingDead(id: string): Problem {
  return new Problem('not-found', `There is no dead letter ${id} (any more).`);
}
