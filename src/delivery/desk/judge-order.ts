import type { DueDelivery } from './delivery-store.js';
import { positionMs } from './order-position.js';
import type { Delivery } from './delivery.js';

/** What may be tried, and what its order keys ask to be written. */
export interface OrderDecision {
  readonly free: readonly DueDelivery[];
  /** Behind another one, which brings them back when it ends. */
  readonly wait: readonly DueDelivery[];
  /** At the head of its key, and asleep: nobody else would wake it. */
  readonly revive: readonly string[];
  /** Something earlier may not have been told yet: look again soon. */
  readonly isEarly: boolean;
}

/** What a line is, of all lines of all dispatchers. */
export function lineOf({ dispatcher, orderKey }: Pick<Delivery, 'dispatcher' | 'orderKey'>): string {
  return `${dispatcher} ${orderKey ?? ''}`;
}

/**
 * Which of the due deliveries may leave. One with an order key only when it is the first of its key that is not done (`turns`,
 * by `lineOf`), and when no record of its moment or before is still without its deliveries: `toldMs`, the earliest such
 * record, else the earlier one could come after it.
 */
export function judgeOrder(
  due: readonly DueDelivery[],
  turns: ReadonlyMap<string, Pick<Delivery, '_id' | 'state'> | null>,
  toldMs: number,
): OrderDecision {
  const free: DueDelivery[] = [];
  const wait: DueDelivery[] = [];
  const revive = new Set<string>();
  let isEarly = false;
  for (const delivery of due) {
    if (delivery.orderKey === null) {
      free.push(delivery);
      continue;
    }
    const turn = turns.get(lineOf(delivery)) ?? null;
    if (turn !== null && turn._id !== delivery._id) {
      wait.push(delivery);
      if (turn.state === 'waiting') revive.add(turn._id);
    } else if (positionMs(delivery.position) >= toldMs) isEarly = true;
    else free.push(delivery);
  }
  return { free, wait, revive: [...revive], isEarly };
}

/**
 * Who of a line is next when its first one ends: of those that begin to wait in the same turn, and the first that waits
 * already. Null: nobody.
 */
export function nextInLine(
  line: string,
  beginning: readonly DueDelivery[],
  first: Pick<Delivery, '_id' | 'position'> | null,
): string | null {
  const waiting: Pick<Delivery, '_id' | 'position'>[] = beginning.filter((delivery) => lineOf(delivery) === line);
  if (first) waiting.push(first);
  const next = waiting.reduce<Pick<Delivery, '_id' | 'position'> | null>(
    (earliest, one) => (earliest === null || one.position < earliest.position ? one : earliest),
    null,
  );
  return next?._id ?? null;
}
