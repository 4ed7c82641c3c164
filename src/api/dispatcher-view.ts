import type { mongo } from 'mongoose';
import { healthNow, readHealth } from '../delivery/desk/endpoint-health-store.js';
import { identifiersOf } from '../delivery/environments/external-accounts.js';
import type { Dispatcher } from '../delivery/dispatchers/dispatcher.js';
import type { NotReached } from '../delivery/dispatchers/who-gets.js';
import { describeMismatch } from '../delivery/matching/mismatch.js';
import { restsUntil } from '../delivery/webhooks/endpoint-health.js';

/** Dispatchers as the API shows them, with the names that the application has for their accounts. */
export async function dispatcherViews(db: mongo.Db, dispatchers: readonly Dispatcher[], nowMs: number) {
  const [names, health] = await Promise.all([
    identifiersOf(
      db,
      dispatchers.flatMap(({ account }) => account ?? []),
    ),
    readHealth(
      db,
      dispatchers.map(({ _id }) => _id),
    ),
  ]);
  return dispatchers.map((one) => ({
    ...dispatcherView(one, names),
    restsUntil: restsUntil(healthNow(health.get(one._id), one.endpointRevision), nowMs),
  }));
}

/** One of them. */
export async function oneDispatcherView(db: mongo.Db, dispatcher: Dispatcher, nowMs: number) {
  const [view] = await dispatcherViews(db, [dispatcher], nowMs);
  return view;
}

/** Of its secrets only how many sign. */
function dispatcherView(
  { _id: id, dispatchable, account, environment: _, desk: __, endpointRevision: ___, ...rest }: Dispatcher,
  names: ReadonlyMap<string, string>,
) {
  const accountId = account === null ? null : (names.get(account) ?? account);
  return { id, ...rest, ...targetView(dispatchable), accountId };
}

function targetView(dispatchable: Dispatcher['dispatchable']) {
  if (dispatchable.kind === 'job') return { dispatchable, secrets: 0 };
  const { secrets, ...target } = dispatchable;
  return { dispatchable: target, secrets: secrets.length };
}

/** Why an event does not reach a dispatcher, for people. */
export function notReachedView(dispatcher: Dispatcher, reason: NotReached) {
  const { _id: id, dispatchableId } = dispatcher;
  return { id, dispatchableId, reason: reason.kind, ...wordsFor(dispatcher, reason) };
}

function wordsFor(
  dispatcher: Dispatcher,
  reason: NotReached,
): { readonly path: string | null; readonly detail: string } {
  if (reason.kind === 'filter') return describeMismatch(reason.mismatch);
  return { path: null, detail: detailOf(dispatcher, reason.kind) };
}

function detailOf(dispatcher: Dispatcher, kind: Exclude<NotReached['kind'], 'filter'>): string {
  switch (kind) {
    case 'environment':
      return 'it is of another environment';
    case 'name':
      return `it wants events named ${dispatcher.events.join(', ')}`;
    case 'source':
      return `it wants events of the source ${dispatcher.source}`;
    case 'account':
      return 'it only sees events of an account that this one is not of';
    case 'disabled':
      return dispatcher.disabledReason === null ? 'it is disabled' : `it is disabled: ${dispatcher.disabledReason}`;
    case 'manual':
      return 'it is invoked by hand only';
    case 'commitment':
      return `it is told of chain events when they are ${dispatcher.commitment}`;
  }
}
