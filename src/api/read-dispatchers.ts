import type { mongo } from 'mongoose';
import type { Dispatcher } from '../delivery/dispatchers/dispatcher.js';
import { listDispatchers, type DispatcherFilter } from '../delivery/dispatchers/list-dispatchers.js';
import { findExternalAccount } from '../delivery/environments/external-accounts.js';
import { DISPATCHER_FILTERS } from './dispatcher-request.js';
import { dispatcherViews } from './dispatcher-view.js';
import { readListPage } from './list-page.js';
import { readPaging, refuse } from './list-query.js';
import type { FieldError } from './problem.js';
import { readFilters } from './read-filters.js';

/** A page of the dispatchers of an environment, by their own names. */
export async function readDispatcherPage(
  db: mongo.Db,
  environment: string,
  query: Readonly<Record<string, unknown>>,
  nowMs: number,
) {
  const errors: FieldError[] = [];
  const { limit, cursor, rest } = readPaging(query, errors);
  const filters = readFilters(DISPATCHER_FILTERS, rest, errors);
  refuse(errors);
  const list = `dispatchers?${JSON.stringify([environment, Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1))])}`;
  const { accountId, ...others } = filters;
  const { shown, nextCursor } = await readListPage<Dispatcher, readonly [string]>(
    { list, limit, cursor },
    ['string'],
    async (most, after) => {
      const account = accountId === undefined ? undefined : await findExternalAccount(db, environment, accountId);
      if (account === null) return [];
      const filter = { ...filterFrom(others), ...(account ? { account: account._id } : {}) };
      return listDispatchers(db, environment, filter, most, after === null ? null : after[0]);
    },
    ({ dispatchableId }) => [dispatchableId],
  );
  return { items: await dispatcherViews(db, shown, nowMs), nextCursor };
}

type Filters = Readonly<Partial<Record<keyof typeof DISPATCHER_FILTERS, string>>>;

function filterFrom({ enabled, manual, ...equal }: Omit<Filters, 'accountId'>): DispatcherFilter {
  return {
    ...(equal as DispatcherFilter),
    ...(enabled === undefined ? {} : { enabled: enabled === 'true' }),
    ...(manual === undefined ? {} : { manual: manual === 'true' }),
  };
}
