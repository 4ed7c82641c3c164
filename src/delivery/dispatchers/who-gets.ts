import { EventMatcher } from '../matching/event-matcher.js';
import type { Mismatch } from '../matching/mismatch.js';
import type { EventRecord } from '../records/event-record.js';
import type { Dispatcher } from './dispatcher.js';

/** What decides whom an event reaches. */
export type Addressed = Pick<
  EventRecord,
  'environment' | 'name' | 'source' | 'payload' | 'context' | 'account' | 'commitment'
>;

/** Why an event does not reach a dispatcher: the first reason, in this order. */
export type NotReached =
  | { readonly kind: 'environment' }
  | { readonly kind: 'name' }
  | { readonly kind: 'source' }
  /** It only sees events of an account that this one is not of. */
  | { readonly kind: 'account' }
  | { readonly kind: 'disabled' }
  | { readonly kind: 'manual' }
  /** It is told of chain events at the other commitment. */
  | { readonly kind: 'commitment' }
  | { readonly kind: 'filter'; readonly mismatch: Mismatch };

/** Whom an event reaches, and why not the others. */
export interface Reach {
  readonly reached: readonly Dispatcher[];
  readonly others: readonly { readonly dispatcher: Dispatcher; readonly reason: NotReached }[];
}

/**
 * Tells those dispatchers that an event reaches from those that it does not. An event that takes another one back
 * (`follows`) reaches nobody by this: it goes to whoever was told of that one.
 */
export function whoGets(event: Addressed, dispatchers: readonly Dispatcher[]): Reach {
  const matcher = new EventMatcher(event);
  const reached: Dispatcher[] = [];
  const others: { dispatcher: Dispatcher; reason: NotReached }[] = [];
  for (const dispatcher of dispatchers) {
    const reason = whyNot(event, dispatcher, matcher);
    if (reason === null) reached.push(dispatcher);
    else others.push({ dispatcher, reason });
  }
  return { reached, others };
}

/** Whether a dispatcher is told of an event that is not new; one that is invoked by hand alone is asked for by somebody here. */
export function wouldReach(event: Addressed, dispatcher: Dispatcher): boolean {
  return whyNot(event, { ...dispatcher, manual: false }, new EventMatcher(event)) === null;
}

/** The account is asked about before the filter and whether there is one or not: it keeps tenants apart. */
function whyNot(event: Addressed, dispatcher: Dispatcher, matcher: EventMatcher): NotReached | null {
  if (dispatcher.environment !== event.environment) return { kind: 'environment' };
  if (!dispatcher.events.includes(event.name)) return { kind: 'name' };
  if (dispatcher.source !== event.source) return { kind: 'source' };
  if (dispatcher.account !== null && dispatcher.account !== event.account) return { kind: 'account' };
  if (!dispatcher.enabled) return { kind: 'disabled' };
  if (dispatcher.manual) return { kind: 'manual' };
  if (event.commitment !== null && dispatcher.commitment !== event.commitment) return { kind: 'commitment' };
  const mismatch = matcher.mismatch(dispatcher.filter, dispatcher.filterMode);
  return mismatch && { kind: 'filter', mismatch };
}
