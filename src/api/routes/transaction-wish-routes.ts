import { Router } from 'express';
import { WISHES, type Wish } from '../../transactions/managed-transaction.js';
import type { WishOutcome } from '../../transactions/fulfil-wish.js';
import { apiKeyOf } from '../authenticate.js';
import { statusPath } from '../command-answer.js';
import type { FulfilWish } from '../ports.js';
import { Problem } from '../problem.js';
import { noTransaction } from './transaction-routes.js';

/** How long an answer waits for the desk to do it, in milliseconds: it looks every second. */
const WAIT_MS = 5_000;

/** What can be done about a write under way: its desk does it, wherever that is. */
export function transactionWishRoutes(fulfilWish: FulfilWish): Router {
  const router = Router();
  for (const wish of WISHES) {
    router.post(`/transactions/:id/${wish}`, async (request, response) => {
      const { id } = request.params;
      // Somebody else's key is told the same as if there were none.
      if (!id.startsWith(`${apiKeyOf(response.locals).id}:`)) throw noTransaction(id);
      const outcome = await fulfilWish(id, wish, WAIT_MS);
      if (!outcome) throw noTransaction(id);
      const answer = wishAnswer(wish, outcome);
      if (outcome.kind === 'not-done') throw new Problem('conflict', outcome.detail, { transaction: id, ...answer });
      if (outcome.kind === 'waiting') response.status(202).setHeader('Location', statusPath(id));
      response.json({ id, ...answer, detail: outcome.detail });
    });
  }
  return router;
}

function wishAnswer(wish: Wish, { kind, transaction: { state } }: WishOutcome) {
  return { wish, outcome: kind, state };
}
