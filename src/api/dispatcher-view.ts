import type { mongo } from 'mongoose';
import { identifiersOf } from '../delivery/environments/external-accounts.js';
import type { Dispatcher } from '../delivery/dispatchers/dispatcher.js';
import type { NotReached } from '../delivery/dispatchers/who-gets.js';
import { describeMismatch } from '../delivery/matching/mismatch.js';

/** Dispatchers as the API shows them, with the names that the application has for their accounts. */
export async function dispatcherViews(db: mongo.Db, dispatchers: readonly Dispatcher[]) {
  const ids = dispatchers.flatMap(({ account }) => account ?? []);
  const names = await identifiersOf(db, ids);
  return dispatchers.map((one) => dispatcherView(one, names));
}

/** One of them. */
export async function oneDispatcherView(db: mongo.Db, dispatcher: Dispatcher) {
  const { account } = dispatcher;
  return dispatcherView(dispatcher, await identifiersOf(db, account === null ? [] : [account]));
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
