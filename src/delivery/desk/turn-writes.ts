import type { mongo } from 'mongoose';
import { MooringError } from '../../lib/errors.js';
import { eventDispatchers } from '../dispatchers/dispatcher-store.js';
import { newRun, jobRuns, type RunOrder } from '../jobs/job-run.js';
import { MAX_KEPT_ATTEMPTS, type Delivery, type DeliveryAttempt } from './delivery.js';
import { deliveries, type DueDelivery } from './delivery-store.js';
import { writeHealth, type StoredHealth } from './endpoint-health-store.js';

/** What follows from a try. */
export type DeliveryVerdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly afterMs: number; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string }
  /** Nothing came of it: it counts as not begun. */
  | { readonly kind: 'stopped' }
  /** The run that was made of it is not over. */
  | { readonly kind: 'running' };

/** A try that is over. */
export interface EndedTry {
  readonly delivery: DueDelivery;
  /** Which one it was, from 1. */
  readonly number: number;
  /** Under which it was begun; null: it is a run, which nobody here has begun. */
  readonly fence: number | null;
  readonly attempt: DeliveryAttempt | null;
  readonly verdict: DeliveryVerdict;
}

/** A dispatcher that is told nothing more, and why. */
export interface DisabledDispatcher {
  readonly dispatcher: string;
  readonly reason: 'gone' | 'failing';
  /** Of the endpoint that the reason is about: another one is not to blame. */
  readonly endpointRevision: number;
}

/** Everything one turn of a desk writes, in one transaction. */
export interface TurnWrites {
  readonly wait: readonly string[];
  readonly ended: readonly EndedTry[];
  readonly cancelled: readonly { readonly delivery: DueDelivery; readonly error: string }[];
  /** Whose turn it is now. */
  readonly revived: readonly string[];
  /** Given to a job: `isAwaited` where those of its order key wait for the run. */
  readonly runs: readonly { readonly delivery: DueDelivery; readonly order: RunOrder; readonly isAwaited: boolean }[];
  readonly claims: readonly { readonly delivery: DueDelivery; readonly patienceMs: number }[];
  readonly disabled: readonly DisabledDispatcher[];
  readonly health: readonly StoredHealth[];
}

/** How long until an awaited run is looked at again. */
const AWAITED_RUN_MS = 1_000;

/** Thrown when a delivery is not as it was read any more: the turn writes nothing and looks again. */
class DeliveryMovedError extends MooringError {
  constructor() {
    super('delivery-moved', 'A delivery was changed by somebody else while it was being claimed.');
  }
}

type DeliveryWrite = mongo.AnyBulkWriteOperation<Delivery>;

/**
 * Writes a turn in the caller's transaction. A try that ended counts only for who began it: another fence or another try on
 * the delivery and it changes nothing (I8). @throws MooringError `delivery-moved`
 */
export async function writeTurn(
  db: mongo.Db,
  session: mongo.ClientSession,
  fence: number,
  writes: TurnWrites,
  now: Date,
): Promise<void> {
  const { wait, ended, cancelled, revived, runs, claims, disabled, health } = writes;
  const open = { claimedUntil: null, claimFence: null } as const;
  const first: DeliveryWrite[] = [
    ...wait.map((_id) => update({ _id, state: 'due' }, { $set: { state: 'waiting' as const, ...open } })),
    ...ended.map((one) => endOf(one, now)),
    ...cancelled.map(({ delivery: { _id, dueAt }, error }) =>
      update({ _id, dueAt, state: 'due' }, { $set: { state: 'cancelled' as const, ...open, error, endedAt: now } }),
    ),
    // After those that begin to wait: one of them may be next.
    ...revived.map((_id) => update({ _id, state: 'waiting' }, { $set: { state: 'due' as const, dueAt: now } })),
  ];
  // In order, for the same reason.
  if (first.length > 0) await deliveries(db).bulkWrite(first, { session, ordered: true });

  const begun: DeliveryWrite[] = [
    ...claims.map(({ delivery, patienceMs }) => {
      const until = new Date(now.getTime() + patienceMs);
      const change = { claimedUntil: until, dueAt: until, claimFence: fence };
      return update(asRead(delivery), { $set: change, $inc: { attempts: 1, attemptsBefore: lostTries(delivery) } });
    }),
    ...runs.map(({ delivery, order, isAwaited }) => {
      const change = isAwaited
        ? { ...open, run: order.id, dueAt: new Date(now.getTime() + AWAITED_RUN_MS) }
        : { ...open, state: 'delivered' as const, run: order.id, error: null, endedAt: now };
      return update(asRead(delivery), { $set: change, $inc: { attempts: 1 } });
    }),
  ];
  if (begun.length > 0) {
    const { matchedCount } = await deliveries(db).bulkWrite(begun, { session, ordered: false });
    if (matchedCount !== begun.length) throw new DeliveryMovedError();
  }
  if (runs.length > 0) {
    await jobRuns(db).insertMany(
      runs.map(({ order }) => newRun(order, now)),
      { session, ordered: true },
    );
  }
  for (const { dispatcher, reason, endpointRevision } of disabled) {
    const change = { enabled: false, disabledReason: reason, updatedAt: now };
    const about = { _id: dispatcher, enabled: true, endpointRevision: { $not: { $gt: endpointRevision } } };
    await eventDispatchers(db).updateOne(about, { $set: change }, { session });
  }
  await writeHealth(db, session, health);
}

/** 1 where a claim ran out: whoever made that try is gone, and what came of it is not known. */
export function lostTries({ claimFence }: Pick<DueDelivery, 'claimFence'>): 0 | 1 {
  return claimFence === null ? 0 : 1;
}

function asRead({ _id, dueAt, attempts }: DueDelivery): mongo.Filter<Delivery> {
  return { _id, state: 'due', dueAt, attempts };
}

function update(filter: mongo.Filter<Delivery>, change: mongo.UpdateFilter<Delivery>): DeliveryWrite {
  return { updateOne: { filter, update: change } };
}

function endOf({ delivery, number, fence, attempt, verdict }: EndedTry, now: Date): DeliveryWrite {
  const filter = { _id: delivery._id, state: 'due', claimFence: fence, attempts: number } as const;
  const open = { claimedUntil: null, claimFence: null } as const;
  const kept = attempt ? { $push: { history: { $each: [attempt], $slice: -MAX_KEPT_ATTEMPTS } } } : {};
  switch (verdict.kind) {
    case 'delivered':
      return update(filter, { $set: { ...open, state: 'delivered', error: null, endedAt: now }, ...kept });
    case 'again':
      return update(filter, {
        $set: { ...open, dueAt: new Date(now.getTime() + verdict.afterMs), error: verdict.error },
        ...kept,
      });
    case 'failed':
      return update(filter, { $set: { ...open, state: 'failed', error: verdict.error, endedAt: now }, ...kept });
    case 'stopped':
      return update(filter, { $set: { ...open, dueAt: now, attempts: number - 1 } });
    case 'running':
      return update(filter, { $set: { dueAt: new Date(now.getTime() + AWAITED_RUN_MS) } });
  }
}
