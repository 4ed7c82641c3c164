import type { Dispatcher } from '../dispatchers/dispatcher.js';
import { runIdOf, type JobRun, type RunOrder } from '../jobs/job-run.js';
import { chooseClaims } from './choose-claims.js';
import type { Delivery } from './delivery.js';
import type { DueDelivery } from './delivery-store.js';
import { judgeOrder } from './judge-order.js';
import type { EndedTry } from './turn-writes.js';

/** A dispatcher with something due, as a desk sees it. */
export interface Lane {
  /** Null: there is none any more. */
  readonly dispatcher: Dispatcher | null;
  readonly due: readonly DueDelivery[];
  readonly inFlight: number;
  /** How many requests may begin now. */
  readonly room: number;
}

/** What a desk knows when it decides. */
export interface TurnSight {
  readonly lanes: readonly Lane[];
  /** How many requests may begin in all. */
  readonly room: number;
  /** The first of each line that is not done (`lineOf`). */
  readonly turns: ReadonlyMap<string, Pick<Delivery, '_id' | 'state'> | null>;
  /** The moment of the earliest record without its deliveries, in milliseconds; Infinity: there is none. */
  readonly toldMs: number;
  /** Those that deliveries wait for. */
  readonly runs: ReadonlyMap<string, Pick<JobRun, 'state' | 'error'>>;
}

/** A delivery with whom it goes to. */
export interface PlannedClaim {
  readonly delivery: DueDelivery;
  readonly dispatcher: Dispatcher;
}

/** What a turn does. */
export interface TurnPlan {
  readonly claims: readonly PlannedClaim[];
  readonly runs: readonly { readonly delivery: DueDelivery; readonly order: RunOrder; readonly isAwaited: boolean }[];
  /** By the runs they waited for. */
  readonly ended: readonly EndedTry[];
  readonly cancelled: readonly { readonly delivery: DueDelivery; readonly error: string }[];
  readonly wait: readonly DueDelivery[];
  readonly revive: readonly string[];
  /** Something may come too early for its order: look again soon. */
  readonly isEarly: boolean;
}

/** Requests begun in one turn: so much is read and held at once. */
const BEGUN_AT_ONCE = 100;

/** Decides what happens to everything that is due. */
export function planTurn({ lanes, room, turns, toldMs, runs }: TurnSight): TurnPlan {
  const plan = { runs: [] as TurnPlan['runs'][number][], ended: [] as EndedTry[] };
  const cancelled: { delivery: DueDelivery; error: string }[] = [];
  const wait: DueDelivery[] = [];
  const revive: string[] = [];
  const waiting: { inFlight: number; room: number; due: PlannedClaim[] }[] = [];
  let isEarly = false;
  for (const lane of lanes) {
    const { dispatcher } = lane;
    const open = lane.due.filter((delivery) => {
      const error = refusalOf(dispatcher, delivery);
      if (error !== null) cancelled.push({ delivery, error });
      return error === null;
    });
    if (!dispatcher) continue;
    const order = judgeOrder(open, turns, toldMs);
    wait.push(...order.wait);
    revive.push(...order.revive);
    isEarly ||= order.isEarly;
    const { dispatchable } = dispatcher;
    // A run that was begun goes on, whatever the dispatcher invokes by now: its end is what becomes of the delivery.
    const fresh = order.free.filter(({ run }) => run === null);
    for (const delivery of order.free) {
      if (delivery.run !== null) plan.ended.push(endOfRun(delivery, runs.get(delivery.run) ?? null));
    }
    if (dispatchable.kind !== 'job') {
      const due = fresh.map((delivery) => ({ delivery, dispatcher }));
      waiting.push({ inFlight: lane.inFlight, room: lane.room, due });
      continue;
    }
    for (const delivery of fresh) {
      const { _id, environment, record, orderKey } = delivery;
      const { job, version } = dispatchable;
      const id = runIdOf(_id, delivery.attempts + 1);
      const made = { id, environment, job, version, record, dispatcher: dispatcher._id, delivery: _id };
      plan.runs.push({ delivery, order: made, isAwaited: orderKey !== null });
    }
  }
  const claims = chooseClaims(waiting, Math.min(room, BEGUN_AT_ONCE));
  return { ...plan, claims, cancelled, wait, revive, isEarly };
}

/** Why a delivery will not be made; null: it will. Who was told something is told when it is taken back, disabled or not (I7). */
function refusalOf(dispatcher: Dispatcher | null, { isFollowUp }: DueDelivery): string | null {
  if (!dispatcher) return 'its dispatcher is gone';
  if (dispatcher.enabled || isFollowUp) return null;
  const why = dispatcher.disabledReason;
  return why === null ? 'its dispatcher was disabled' : `its dispatcher was disabled (${why})`;
}

function endOfRun(delivery: DueDelivery, run: Pick<JobRun, 'state' | 'error'> | null): EndedTry {
  const ended = { delivery, number: delivery.attempts, fence: null, attempt: null };
  switch (run?.state) {
    case 'done':
      return { ...ended, verdict: { kind: 'delivered' } };
    case 'failed':
    case 'cancelled':
      return { ...ended, verdict: { kind: 'failed', error: run.error ?? `its run was ${run.state}` } };
    case undefined:
      return { ...ended, verdict: { kind: 'failed', error: 'its run is not kept any more' } };
    default:
      return { ...ended, verdict: { kind: 'running' } };
  }
}
