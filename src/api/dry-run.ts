import type { mongo } from 'mongoose';
import { listDispatchers } from '../delivery/dispatchers/list-dispatchers.js';
import { whoGets } from '../delivery/dispatchers/who-gets.js';
import { findExternalAccount } from '../delivery/environments/external-accounts.js';
import type { DryEvent } from './dispatcher-request.js';
import { notReachedView } from './dispatcher-view.js';

/** Dispatchers of one name of events that are looked at; whom an event reaches is among them. */
const MOST_LOOKED_AT = 10_000;
/** Shown of those that it reaches, and of the others. */
const MOST_SHOWN = 200;

/** Says whom an event would reach and why not the others, those that want its name first. Nothing is sent or stored. */
export async function dryRun(
  db: mongo.Db,
  environment: string,
  { accountId, ...said }: DryEvent,
  ids: readonly string[] | undefined,
) {
  // Nobody is bound to an account that there is not.
  const account = accountId === null ? null : await findExternalAccount(db, environment, accountId);
  const event = { ...said, environment, account: account?._id ?? null };
  const narrow = ids === undefined ? {} : { ids };
  const named = await listDispatchers(db, environment, { ...narrow, event: event.name }, MOST_LOOKED_AT, null);
  const any = await listDispatchers(db, environment, narrow, MOST_SHOWN, null);
  const known = new Set(named.map(({ _id }) => _id));
  const { reached, others } = whoGets(event, [...named, ...any.filter(({ _id }) => !known.has(_id))]);
  return {
    reached: reached.slice(0, MOST_SHOWN).map(({ _id: id, dispatchableId }) => ({ id, dispatchableId })),
    reachedCount: reached.length,
    others: others.slice(0, MOST_SHOWN).map(({ dispatcher, reason }) => notReachedView(dispatcher, reason)),
  };
}
