import { setMaxListeners } from 'node:events';
import type { mongo } from 'mongoose';
import { StaleFenceError } from '../../leases/lease.js';
import { commitUnderLease } from '../../leases/lease-transaction.js';
import type { LeaseWork } from '../../leases/lease-work.js';
import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import { Nap } from '../../lib/nap.js';
import { takeTurns } from '../../lib/take-turns.js';
import { within } from '../../lib/within.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { ToldRecord } from '../records/told-record.js';
import type { DueDelivery } from './delivery-store.js';
import type { DeliveryTiming } from './delivery-timing.js';
import { attemptFrom, type Invoke } from './invoke.js';
import { nextInLine } from './judge-order.js';
import { judgeLate, type FinishedTry } from './judge-late.js';
import { Lanes } from './lanes.js';
import { planTurn, type PlannedClaim, type TurnPlan } from './plan-turn.js';
import { AgendaReader, type Agenda } from './read-agenda.js';
import {
  readDispatchers,
  readEndpointRevisions,
  readRecords,
  readRuns,
  readTold,
  readTurns,
  readWaiting,
} from './turn-reads.js';
import { limitsOf } from './webhook-limits.js';
import { lostTries, writeTurn } from './turn-writes.js';

/** What a desk works with. */
export interface DeliveryDeskDeps {
  readonly db: mongo.Db;
  readonly clock: Clock;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timing: DeliveryTiming;
  readonly invoke: Invoke;
  /** Tells whoever runs jobs here that there is a new run. */
  readonly wakeJobs: () => void;
}

const NOTHING: TurnPlan = { claims: [], runs: [], ended: [], cancelled: [], wait: [], revive: [], isEarly: false };

/**
 * Delivers what is due at one desk, as long as its lease is held here. A turn reads what is due, decides, and writes one
 * transaction under the lease: what came of the tries before, whose turn it is in each order, and which tries begin now. What
 * is tried was claimed before, and what came of it counts only under that claim: whoever is killed at any step leaves a
 * delivery that is due again once the claim has run out (I8).
 */
export class DeliveryDesk {
  readonly #lanes: Lanes;
  readonly #agenda: AgendaReader;
  readonly #nap: Nap;
  /** Ids of what is under way or not written down yet. */
  readonly #busy = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #cutOff = new AbortController();
  #finished: FinishedTry[] = [];

  constructor(
    private readonly deps: DeliveryDeskDeps,
    private readonly desk: number,
    private readonly work: LeaseWork,
    private readonly lost: AbortSignal,
  ) {
    this.#lanes = new Lanes(deps);
    this.#agenda = new AgendaReader(deps.db, deps.clock, desk, deps.timing);
    this.#nap = new Nap(deps.clock);
    // Every request under way listens to it: Node would take more than ten for a leak, and say so.
    setMaxListeners(0, this.#cutOff.signal);
  }

  /** Looks at once. */
  wake(): void {
    this.#nap.cutShort();
  }

  /** Works until the lease is lost or given up. @throws StaleFenceError when somebody else has it. */
  async run(): Promise<void> {
    const { log, timing } = this.deps;
    try {
      await takeTurns(
        this.#nap,
        this.lost,
        () => this.#turn(),
        (error) => {
          if (error instanceof StaleFenceError) throw error;
          this.#agenda.forget();
          log.warn({ desk: this.desk, error: messageOf(error) }, 'a delivery desk cannot go on now; it tries again');
          return timing.troubleMs;
        },
      );
      await this.#giveUp();
    } finally {
      this.#cutOff.abort();
      await Promise.all(this.#running);
    }
  }

  /** Waits a little for what is under way, cuts the rest off, and writes down what came of it. */
  async #giveUp(): Promise<void> {
    const { clock, timing } = this.deps;
    const ended = Promise.all(this.#running);
    await within(clock, timing.drainMs, ended);
    this.#cutOff.abort();
    await ended;
    await this.#commit(NOTHING);
  }

  /** Returns for how long there is nothing to do, in milliseconds. */
  async #turn(): Promise<number> {
    const { db, clock, timing } = this.deps;
    const now = new Date(clock.now());
    await this.#lanes.renew();
    const agenda = await this.#agenda.read(now.getTime(), (dispatcher) => this.#lanes.isFull(dispatcher));
    const plan = await this.#plan(agenda, now);
    const records = await readRecords(
      db,
      plan.claims.map(({ delivery }) => delivery.record),
    );
    const [kept, gone] = [[] as (PlannedClaim & { record: ToldRecord })[], [] as TurnPlan['cancelled'][number][]];
    for (const claim of plan.claims) {
      const record = records.get(claim.delivery.record);
      if (record) kept.push({ ...claim, record });
      else gone.push({ delivery: claim.delivery, error: 'its event is not kept any more' });
    }
    await this.#commit({ ...plan, claims: kept, cancelled: [...plan.cancelled, ...gone] });
    this.#agenda.dealtWith(dealtWithBy(plan));
    for (const claim of kept) this.#begin(claim);
    if (plan.runs.length > 0) this.deps.wakeJobs();
    const { claims, cancelled, wait, runs, revive } = plan;
    // Behind what was dealt with there may be more.
    if ([claims, cancelled, wait, runs, revive].some(({ length }) => length > 0)) return 0;
    const nowMs = clock.now();
    return Math.max(
      1,
      Math.min(
        timing.pollMs,
        agenda.nextMs === null ? Infinity : agenda.nextMs - nowMs,
        plan.isEarly ? timing.earlyMs : Infinity,
        this.#lanes.untilRoomMs(agenda.due.keys()),
      ),
    );
  }

  async #plan(agenda: Agenda, now: Date): Promise<TurnPlan> {
    const { db, timing } = this.deps;
    const dispatchers = await readDispatchers(db, [...agenda.due.keys()]);
    await this.#lanes.open([...dispatchers.values()]);
    const lanes = [...agenda.due].map(([id, rows]) => ({
      dispatcher: dispatchers.get(id) ?? null,
      due: rows.filter(({ _id }) => !this.#busy.has(_id)),
      inFlight: this.#lanes.inFlight(id),
      room: this.#lanes.room(id),
    }));
    const due = lanes.flatMap((lane) => lane.due);
    const ordered = due.filter(({ orderKey }) => orderKey !== null);
    // First what was told to nobody yet, then whose turn it is: what was told in between is seen then.
    const toldMs = ordered.length === 0 ? Infinity : await readTold(db, now.getTime());
    const [turns, runs] = await Promise.all([readTurns(db, ordered), readRuns(db, due)]);
    return planTurn({ lanes, room: timing.mostInFlight - this.#busy.size, turns, toldMs, runs });
  }

  /** Writes a turn, with the tries that are over. */
  async #commit(plan: TurnPlan & { readonly claims: readonly PlannedClaim[] }): Promise<void> {
    const { db, clock, log, timing } = this.deps;
    const finished = [...this.#finished];
    const settled = await this.#settle(finished);
    const ended = [...settled, ...plan.ended];
    const done = [
      ...ended.filter(({ verdict: { kind } }) => kind === 'delivered' || kind === 'failed'),
      ...plan.cancelled,
    ].flatMap(({ delivery }) => (delivery.orderKey === null ? [] : [delivery]));
    const waiting = await readWaiting(db, done);
    const next = [...waiting].flatMap(([line, first]) => nextInLine(line, plan.wait, first) ?? []);
    const health = this.#lanes.unsaved();
    const disabled = settled.flatMap(({ delivery: { dispatcher }, disables, endpointRevision }) =>
      disables === null ? [] : [{ dispatcher, reason: disables, endpointRevision }],
    );
    const writes = {
      ended,
      wait: plan.wait.map(({ _id }) => _id),
      cancelled: plan.cancelled,
      revived: [...new Set([...plan.revive, ...next])],
      runs: plan.runs,
      claims: plan.claims.map(({ delivery, dispatcher }) => ({
        delivery,
        patienceMs: limitsOf(dispatcher.dispatchable).timeoutMs + timing.graceMs,
      })),
      ...{ disabled, health },
    };
    if (Object.values(writes).some(({ length }) => length > 0)) {
      await commitUnderLease(db, this.work, (session) => {
        // As late as it is by then: what was read may have had to wait, and a claim lasts for a whole try from here on.
        return writeTurn(db, session, this.work.lease.fence, writes, new Date(clock.now()));
      });
    }
    this.#finished = this.#finished.filter((one) => !finished.includes(one));
    for (const { delivery } of finished) this.#busy.delete(delivery._id);
    this.#lanes.saved(health);
    for (const { dispatcher, reason } of disabled) log.error({ dispatcher, reason }, 'a dispatcher was disabled');
  }

  /** What these tries mean by now: their dispatchers may have other endpoints. */
  async #settle(finished: readonly FinishedTry[]): Promise<readonly FinishedTry[]> {
    const blamed = finished.flatMap(({ delivery, disables }) => (disables === null ? [] : [delivery.dispatcher]));
    const revisions = await readEndpointRevisions(this.deps.db, blamed);
    return finished.map((one) => judgeLate(one, revisions));
  }

  /** Makes one try, which is claimed. */
  #begin({ delivery, dispatcher, record }: PlannedClaim & { readonly record: ToldRecord }): void {
    const { clock, metrics, invoke } = this.deps;
    const number = delivery.attempts + 1;
    const inSchedule = number - delivery.attemptsBefore - lostTries(delivery);
    const at = new Date(clock.now());
    this.#busy.add(delivery._id);
    this.#lanes.begin(dispatcher);
    const running = invoke({ delivery, dispatcher, record }, this.#cutOff.signal).then((outcome) => {
      const { verdict, disables } = this.#lanes.end(dispatcher, outcome, inSchedule);
      const { fence } = this.work.lease;
      const { endpointRevision } = dispatcher;
      const attempt = attemptFrom(outcome, number, at);
      this.#finished.push({ delivery, number, fence, attempt, verdict, disables, endpointRevision });
      this.#running.delete(running);
      metrics.deliveryAttemptsTotal.inc({ kind: dispatcher.dispatchable.kind, outcome: verdict.kind });
      this.#say(delivery, dispatcher.dispatchableId, number, verdict);
      this.wake();
    });
    this.#running.add(running);
  }

  #say({ _id, eventName }: DueDelivery, dispatcher: string, attempt: number, verdict: FinishedTry['verdict']): void {
    const { log } = this.deps;
    const told = { delivery: _id, event: eventName, dispatcher, attempt };
    if (verdict.kind === 'delivered') log.info(told, 'event delivered');
    if (verdict.kind === 'again') log.info({ ...told, error: verdict.error }, 'an event is delivered again later');
    if (verdict.kind === 'failed') log.warn({ ...told, error: verdict.error }, 'an event cannot be delivered');
  }
}

/** Ids of what a turn changed. */
function dealtWithBy({ claims, runs, ended, cancelled, wait }: TurnPlan): ReadonlySet<string> {
  const changed = [...claims, ...runs, ...ended, ...cancelled].map(({ delivery }) => delivery);
  return new Set([...changed, ...wait].map(({ _id }) => _id));
}
