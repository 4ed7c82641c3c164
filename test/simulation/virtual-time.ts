/** A moment in the simulation that something waits for. */
export interface Timer {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  run: (() => void) | null;
}

/**
 * Time that passes only when nothing is left to do now. One event at a time is taken from the queue, and everything it
 * sets in motion (promises, never real timers) ends before the next one: with the same seed, the same run.
 */
export class VirtualTime {
  #now = 0;
  #order = 0;
  #steps = 0;
  readonly #heap: Entry[] = [];

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** Events so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Calls `run` after `ms`; in the order of asking where moments are equal. */
  after(ms: number, run: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#push(entry);
    return { cancel: () => (entry.run = null) };
  }

  /** Runs events until `isDone`, or until nothing waits, or `untilMs` is passed. `onStep` is called after each. */
  async runUntil(untilMs: number, isDone: () => boolean, onStep: () => void): Promise<void> {
    while (!isDone()) {
      const next = this.#heap[0];
      if (next === undefined || next.at > untilMs) {
        this.#now = Math.max(this.#now, untilMs);
        return;
      }
      this.#pop();
      if (next.run === null) continue;
      this.#now = next.at;
      this.#steps += 1;
      next.run();
      // Every promise that can go on does so before a new turn of the event loop begins.
      await new Promise<void>((resolve) => setImmediate(resolve));
      onStep();
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (isBefore(above, entry)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (isBefore(last, heap[child] as Entry)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
