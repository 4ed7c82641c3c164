import { pick } from '../../../src/dev/seeded-random.js';
import type { DispatcherDefinition } from '../../../src/delivery/dispatchers/dispatcher-definition.js';

/** A dispatcher of the drill, in words that its judge can follow without anything of the product. */
export interface PlannedSubscriber {
  /** Its own name, and the path of its endpoint. */
  readonly name: string;
  /** Place in the list of environments. */
  readonly environment: number;
  readonly events: readonly string[];
  /** Name of an external account; null: of any or none. */
  readonly account: string | null;
  /** Only events of at least this amount; null: of any. */
  readonly leastAmount: number | null;
  /** Whether events of one owner come in order. */
  readonly isOrdered: boolean;
}

/** An event of the drill. */
export interface PlannedEvent {
  readonly id: string;
  readonly environment: number;
  readonly name: string;
  readonly account: string | null;
  readonly owner: string;
  readonly amount: number;
  /** From when it is sent, in milliseconds; null: now. */
  readonly afterMs: number | null;
}

export const ENVIRONMENTS = 2;
export const SOURCE = 'drill';
const NAMES = [
  'order.paid',
  'order.sent',
  'user.joined',
  'user.left',
  'coupon.sold',
  'coupon.used',
  'a',
  'b',
  'c',
  'd',
];
const ACCOUNTS = ['acme', 'umbrella', 'initech'];
const OWNERS = ['ada', 'bob', 'cyd', 'dan'];
const MOST_AMOUNT = 100;
const SHARES = { bound: 0.2, filtered: 0.3, ordered: 0.3, ofAccount: 0.5, scheduled: 0.1 } as const;
const LATEST_MS = 5_000;

/** Dispatchers in two environments. The same for the same `random` (0 ≤ n < 1). */
export function planSubscribers(count: number, random: () => number): PlannedSubscriber[] {
  return Array.from({ length: count }, (_, number) => ({
    name: `subscriber-${number}`,
    environment: number % ENVIRONMENTS,
    events: [pick(NAMES, random) as string],
    account: random() < SHARES.bound ? (pick(ACCOUNTS, random) as string) : null,
    leastAmount: random() < SHARES.filtered ? Math.floor(random() * MOST_AMOUNT) : null,
    isOrdered: random() < SHARES.ordered,
  }));
}

/** Events for them. */
export function planEvents(count: number, random: () => number): PlannedEvent[] {
  return Array.from({ length: count }, (_, number) => ({
    id: `event-${number}`,
    environment: Math.floor(random() * ENVIRONMENTS),
    name: pick(NAMES, random) as string,
    account: random() < SHARES.ofAccount ? (pick(ACCOUNTS, random) as string) : null,
    owner: pick(OWNERS, random) as string,
    amount: Math.floor(random() * MOST_AMOUNT),
    afterMs: random() < SHARES.scheduled ? Math.floor(random() * LATEST_MS) : null,
  }));
}

/** Whether an event is for a subscriber: said here once more, in other words than the product's. */
export function isFor(event: PlannedEvent, subscriber: PlannedSubscriber): boolean {
  return (
    event.environment === subscriber.environment &&
    subscriber.events.includes(event.name) &&
    (subscriber.account === null || subscriber.account === event.account) &&
    (subscriber.leastAmount === null || event.amount >= subscriber.leastAmount)
  );
}

/** The definition that asks for that. `accountId`: of its account, in its environment. */
export function definitionOf(
  subscriber: PlannedSubscriber,
  url: string,
  accountId: string | null,
): DispatcherDefinition {
  const { leastAmount, isOrdered, events, name } = subscriber;
  return {
    dispatchable: { kind: 'webhook', url: `${url}/${name}`, concurrency: 5, ratePerSecond: null, timeoutMs: 2_000 },
    ...{ events, source: SOURCE, filterMode: 'strict', commitment: 'finalized', manual: false, account: accountId },
    filter: leastAmount === null ? {} : { payload: { amount: [{ $gte: leastAmount }] } },
    orderBy: isOrdered ? ['payload', 'owner'] : null,
  };
}
