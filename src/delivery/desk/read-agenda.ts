import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { readAgenda, readLane, readLanes, type DueDelivery } from './delivery-store.js';

/** What is due at a desk. */
export interface Agenda {
  /** By dispatcher, the longest due first. */
  readonly due: ReadonlyMap<string, readonly DueDelivery[]>;
  /** When something becomes due next, in milliseconds since the epoch; null: nothing is known. */
  readonly nextMs: number | null;
}

/** Read at once; as many as a turn of a desk may begin, with what is about to become due. */
const AT_ONCE = 200;
/** Read of one dispatcher, when there are more than that. */
const OF_LANE = 50;
/** Questions asked side by side. */
const SIDE_BY_SIDE = 8;
/** How long a desk is taken for crowded at least, and how long its list of dispatchers serves. */
const CROWDED_MS = 500;
/** So many times what it took to make that list: with many dispatchers, or a slow database, it is made more rarely. */
const CROWDED_TIMES = 5;

/**
 * Reads what a desk does next. Usually that is all of it, in one question. Where more is due than that, what one dispatcher
 * has waiting would hide the others: then each of them is asked about by itself, so that a look costs the same however long
 * the queues are.
 */
export class AgendaReader {
  #crowd: { readonly lanes: ReadonlyMap<string, Date>; readonly untilMs: number } | null = null;

  constructor(
    private readonly db: mongo.Db,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly desk: number,
  ) {}

  /** `isFull`: nothing more of that dispatcher can begin now. */
  async read(nowMs: number, isFull: (dispatcher: string) => boolean): Promise<Agenda> {
    const beganMs = this.clock.monotonic();
    if (this.#crowd && beganMs < this.#crowd.untilMs) return this.#readLanes(this.#crowd.lanes, nowMs, isFull);
    this.#crowd = null;
    const rows = await readAgenda(this.db, this.desk, AT_ONCE);
    const due = rows.filter(({ dueAt }) => dueAt.getTime() <= nowMs);
    if (due.length < AT_ONCE) {
      const lanes = new Map<string, DueDelivery[]>();
      for (const delivery of due) lanes.set(delivery.dispatcher, [...(lanes.get(delivery.dispatcher) ?? []), delivery]);
      return { due: lanes, nextMs: rows[due.length]?.dueAt.getTime() ?? null };
    }
    const lanes = await readLanes(this.db, this.desk);
    const tookMs = this.clock.monotonic() - beganMs;
    this.#crowd = { lanes, untilMs: beganMs + tookMs + Math.max(CROWDED_MS, CROWDED_TIMES * tookMs) };
    return this.#readLanes(this.#crowd.lanes, nowMs, isFull);
  }

  async #readLanes(
    lanes: ReadonlyMap<string, Date>,
    nowMs: number,
    isFull: (dispatcher: string) => boolean,
  ): Promise<Agenda> {
    const wanted: string[] = [];
    let nextMs = nowMs + CROWDED_MS;
    for (const [dispatcher, at] of lanes) {
      if (at.getTime() > nowMs) nextMs = Math.min(nextMs, at.getTime());
      else if (!isFull(dispatcher)) wanted.push(dispatcher);
    }
    const due = new Map<string, readonly DueDelivery[]>();
    while (wanted.length > 0) {
      const some = wanted.splice(0, SIDE_BY_SIDE);
      const found = await Promise.all(some.map((id) => readLane(this.db, this.desk, id, new Date(nowMs), OF_LANE)));
      for (const [place, id] of some.entries()) due.set(id, found[place] ?? []);
    }
    return { due, nextMs };
  }
}
