import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { readAgenda, readLane, readLanes, type DueDelivery } from './delivery-store.js';
import type { DeliveryTiming } from './delivery-timing.js';

/** What is due at a desk. */
export interface Agenda {
  /** By dispatcher, the longest due first. */
  readonly due: ReadonlyMap<string, readonly DueDelivery[]>;
  /** When something becomes due next, in milliseconds since the epoch; null: nothing is known. */
  readonly nextMs: number | null;
}

/** Questions asked side by side. */
const SIDE_BY_SIDE = 8;
/** How long a desk is taken for crowded at least, and how long its list of dispatchers serves. */
const CROWDED_MS = 500;
/** So many times what it took to make that list: with many dispatchers, or a slow database, it is made more rarely. */
const CROWDED_TIMES = 5;

/** A desk with more due than is read at once. */
interface Crowd {
  /** Every dispatcher with something due, and when its first is. */
  readonly lanes: ReadonlyMap<string, Date>;
  readonly untilMs: number;
  /** What was read of them and is still to be dealt with. */
  readonly read: Map<string, readonly DueDelivery[]>;
}

/**
 * Reads what a desk does next. Usually that is all of it, in one question. Where more is due than that, what one dispatcher
 * has waiting would hide the others: then each of them is asked about by itself, so that a look costs the same however long
 * the queues are. What is read and cannot begin yet is kept for the next turns: nobody but the holder of the desk begins it,
 * and what an operator makes of it meanwhile shows when it is claimed.
 */
export class AgendaReader {
  #crowd: Crowd | null = null;

  constructor(
    private readonly db: mongo.Db,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly desk: number,
    private readonly timing: Pick<DeliveryTiming, 'readAtOnce' | 'readOfLane'>,
  ) {}

  /** `isFull`: nothing more of that dispatcher can begin now. */
  async read(nowMs: number, isFull: (dispatcher: string) => boolean): Promise<Agenda> {
    const { readAtOnce } = this.timing;
    const beganMs = this.clock.monotonic();
    if (this.#crowd && beganMs < this.#crowd.untilMs) return this.#readLanes(this.#crowd, nowMs, isFull);
    this.#crowd = null;
    const rows = await readAgenda(this.db, this.desk, readAtOnce);
    const due = rows.filter(({ dueAt }) => dueAt.getTime() <= nowMs);
    if (due.length < readAtOnce) {
      const lanes = new Map<string, DueDelivery[]>();
      for (const delivery of due) lanes.set(delivery.dispatcher, [...(lanes.get(delivery.dispatcher) ?? []), delivery]);
      return { due: lanes, nextMs: rows[due.length]?.dueAt.getTime() ?? null };
    }
    const lanes = await readLanes(this.db, this.desk);
    const tookMs = this.clock.monotonic() - beganMs;
    const untilMs = beganMs + tookMs + Math.max(CROWDED_MS, CROWDED_TIMES * tookMs);
    this.#crowd = { lanes, untilMs, read: new Map() };
    return this.#readLanes(this.#crowd, nowMs, isFull);
  }

  /** These are not as they were read any more. */
  dealtWith(ids: ReadonlySet<string>): void {
    if (!this.#crowd || ids.size === 0) return;
    const { read } = this.#crowd;
    for (const [dispatcher, rows] of read) {
      read.set(
        dispatcher,
        rows.filter(({ _id }) => !ids.has(_id)),
      );
    }
  }

  /** Nobody knows how what was read is by now. */
  forget(): void {
    this.#crowd?.read.clear();
  }

  async #readLanes({ lanes, read }: Crowd, nowMs: number, isFull: (dispatcher: string) => boolean): Promise<Agenda> {
    const open: string[] = [];
    let nextMs = nowMs + CROWDED_MS;
    for (const [dispatcher, at] of lanes) {
      if (at.getTime() > nowMs) nextMs = Math.min(nextMs, at.getTime());
      else if (!isFull(dispatcher)) open.push(dispatcher);
    }
    const wanted = open.filter((dispatcher) => !read.get(dispatcher)?.length);
    const { readOfLane } = this.timing;
    while (wanted.length > 0) {
      const some = wanted.splice(0, SIDE_BY_SIDE);
      const found = await Promise.all(some.map((id) => readLane(this.db, this.desk, id, new Date(nowMs), readOfLane)));
      for (const [place, id] of some.entries()) read.set(id, found[place] ?? []);
    }
    return { due: new Map(open.map((dispatcher) => [dispatcher, read.get(dispatcher) ?? []])), nextMs };
  }
}
