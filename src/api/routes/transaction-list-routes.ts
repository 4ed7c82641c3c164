import { Router } from 'express';
import type { mongo } from 'mongoose';
import { listTransactions, type TransactionFilter } from '../../transactions/list-transactions.js';
import { TRANSACTION_STATES, type TransactionState } from '../../transactions/managed-transaction.js';
import { apiKeyOf } from '../authenticate.js';
import type { TimePlace } from '../../lib/older-than.js';
import { readNewestFirst } from '../list-page.js';
import { readPaging, refuse } from '../list-query.js';
import type { FieldError } from '../problem.js';
import { readFilters } from '../read-filters.js';
import { transactionView } from './transaction-routes.js';

/** Filters of the list. */
const TRANSACTION_FILTERS = { state: TRANSACTION_STATES, signer: null, command: null } as const;

/** The writes of an API key, newest first. */
export function transactionListRoutes(db: mongo.Db): Router {
  const router = Router();
  router.get('/transactions', async (request, response) => {
    const errors: FieldError[] = [];
    const { limit, cursor, rest } = readPaging(request.query, errors);
    const { state, ...filters } = readFilters(TRANSACTION_FILTERS, rest, errors);
    refuse(errors);
    const owner = apiKeyOf(response.locals).id;
    const list = `transactions?${JSON.stringify([owner, state ?? null, filters.signer ?? null, filters.command ?? null])}`;
    const filter: TransactionFilter = {
      ...{ owner, ...filters },
      ...(state === undefined ? {} : { states: [state as TransactionState] }),
    };
    const read = (most: number, after: TimePlace | null) => listTransactions(db, filter, most, after);
    const { shown, nextCursor } = await readNewestFirst({ list, limit, cursor }, read, ({ id }) => id);
    response.json({ items: shown.map(transactionView), nextCursor });
  });
  return router;
}
