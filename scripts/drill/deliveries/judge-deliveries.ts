import { isFor, type PlannedEvent, type PlannedSubscriber } from './planned-subscribers.js';

/** A request that an endpoint got. Times on one clock, in milliseconds. */
export interface Told {
  /** The last part of its path. */
  readonly subscriber: string;
  /** The event's own id, out of the body. */
  readonly event: string;
  /** `webhook-id`. */
  readonly messageId: string;
  readonly atMs: number;
  readonly answeredAtMs: number | null;
  readonly status: number;
}

/** What endpoints got, beside what they should have. */
export interface DeliveryJudgement {
  readonly pairs: number;
  readonly requests: number;
  /** Answered with success before, and told again: allowed where a process died. */
  readonly repeats: number;
  /** `<event> to <subscriber>`, of each kind: */
  readonly missing: readonly string[];
  /** Nobody who should hear of it: another environment, another account, a filter. */
  readonly unwanted: readonly string[];
  /** Told under more than one id. */
  readonly unstableIds: readonly string[];
  /** Told before an earlier one of the same owner was taken. */
  readonly outOfOrder: readonly string[];
  /** Told before their time. */
  readonly early: readonly string[];
}

/** An event as it was sent. */
export interface SentEvent {
  readonly event: PlannedEvent;
  /** When it may be told. */
  readonly dueAtMs: number;
}

/** Compares them. `sent` is in the order the events were sent, one after another. */
export function judgeDeliveries(
  subscribers: readonly PlannedSubscriber[],
  sent: readonly SentEvent[],
  told: readonly Told[],
): DeliveryJudgement {
  const bySubscriber = group(told, ({ subscriber }) => subscriber);
  const found = { missing: [] as string[], unwanted: [] as string[], unstableIds: [] as string[] };
  const late = { outOfOrder: [] as string[], early: [] as string[] };
  let [pairs, repeats] = [0, 0];
  for (const subscriber of subscribers) {
    const byEvent = group(bySubscriber.get(subscriber.name) ?? [], ({ event }) => event);
    const wanted = sent.filter(({ event }) => isFor(event, subscriber));
    pairs += wanted.length;
    const own = new Set(wanted.map(({ event }) => event.id));
    for (const event of byEvent.keys()) if (!own.has(event)) found.unwanted.push(`${event} to ${subscriber.name}`);
    for (const { event, dueAtMs } of wanted) {
      const name = `${event.id} to ${subscriber.name}`;
      const requests = byEvent.get(event.id) ?? [];
      const taken = takenAt(requests);
      if (taken === null) found.missing.push(name);
      else repeats += requests.filter(({ atMs }) => atMs > taken).length;
      if (new Set(requests.map(({ messageId }) => messageId)).size > 1) found.unstableIds.push(name);
      if (requests.some(({ atMs }) => atMs < dueAtMs)) late.early.push(name);
    }
    if (subscriber.isOrdered) late.outOfOrder.push(...disorder(subscriber.name, wanted, byEvent));
  }
  return { pairs, requests: told.length, repeats, ...found, ...late };
}

/** Whether everything is as it should be. */
export function isDelivered({ missing, unwanted, unstableIds, outOfOrder, early }: DeliveryJudgement): boolean {
  return [missing, unwanted, unstableIds, outOfOrder, early].every(({ length }) => length === 0);
}

/** Those of one owner, by when they may be told, then as they were sent: none may come before the one before it was taken. */
function disorder(name: string, wanted: readonly SentEvent[], byEvent: ReadonlyMap<string, readonly Told[]>): string[] {
  const wrong: string[] = [];
  for (const line of group(wanted, ({ event }) => event.owner).values()) {
    const inOrder = [...line].sort((one, other) => one.dueAtMs - other.dueAtMs);
    let before: SentEvent | null = null;
    for (const next of inOrder) {
      const first = Math.min(...(byEvent.get(next.event.id) ?? []).map(({ atMs }) => atMs));
      const taken = before === null ? -Infinity : (takenAt(byEvent.get(before.event.id) ?? []) ?? Infinity);
      if (first < taken) wrong.push(`${next.event.id} to ${name}`);
      before = next;
    }
  }
  return wrong;
}

/** When the first of these was answered with success; null: none was. */
function takenAt(requests: readonly Told[]): number | null {
  const times = requests.flatMap(({ status, answeredAtMs }) =>
    status < 300 && answeredAtMs !== null ? [answeredAtMs] : [],
  );
  return times.length === 0 ? null : Math.min(...times);
}

function group<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const known = groups.get(key);
    if (known) known.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
