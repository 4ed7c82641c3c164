import type { mongo } from 'mongoose';
import { coupons } from '../../src/domains/coupons/module.js';
import { followStable, type StableEvent, type StableStreamRequest } from '../../src/ledger/stable-stream.js';
import type { StreamStart } from '../../src/ledger/stream-cursor.js';
import type { Clock } from '../../src/lib/clock.js';
import type { Cluster } from './chain/cluster.js';
import type { Journal } from './journal.js';
import type { Random } from './random.js';
import { eventsOf } from './truth.js';

/** Small, so that pages are cut in the middle of slots. */
const PAGE_EVENTS = 3;
/** A reader is cut off after so many items at most, and goes on from its cursor. */
const ITEMS_AT_MOST = 20;
const MOST_PAUSE_MS = 3_000;

/** Somebody who reads the stable stream all the time, with breaks (004-3.4). */
export class StreamReader {
  readonly #told: StableEvent[] = [];

  constructor(
    private readonly db: mongo.Db,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly journal: Journal,
  ) {
    void this.#read();
  }

  async #read(): Promise<void> {
    const { db, clock, random } = this;
    const { signal } = new AbortController();
    let from: StreamStart = 'start';
    for (;;) {
      let left = 1 + random.whole(ITEMS_AT_MOST);
      const request: StableStreamRequest = { program: coupons.name, names: null, from, signal };
      for await (const item of followStable({ db, clock, pageEvents: PAGE_EVENTS }, request)) {
        from = { cursor: item.cursor };
        if (item.kind === 'event') {
          this.#told.push(item);
          if (item.late) this.journal.say(`the stream tells ${item.id} late`);
        }
        if (--left === 0) break;
      }
      await clock.sleep(random.between(0, MOST_PAUSE_MS));
    }
  }

  /** What the reader was told falsely, twice though it was not late, or not at all. */
  wrong(cluster: Cluster): string[] {
    const wrong: string[] = [];
    const landed = new Map(
      cluster
        .landed()
        .flatMap(eventsOf)
        .map((event) => [event.id, event.slot]),
    );
    const inOrder = new Set<string>();
    for (const { id, slot, late } of this.#told) {
      if (landed.get(id) !== slot) wrong.push(`I7: the stream told of ${id} in slot ${slot}, and it is not there`);
      if (!late && inOrder.has(id)) wrong.push(`004-3.4: the stream told of ${id} twice`);
      if (!late) inOrder.add(id);
    }
    const told = new Set(this.#told.map(({ id }) => id));
    for (const [id, slot] of landed) if (!told.has(id)) wrong.push(`004-3.4: the stream lacks ${id} of slot ${slot}`);
    return wrong;
  }
}
