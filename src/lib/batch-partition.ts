import type { Clock } from './clock.js';
import { Nap } from './nap.js';

/** An item that waits for its write, and who waits for it. */
export interface WaitingItem<Item, Result> {
  readonly item: Item;
  readonly sinceMs: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface PartitionOptions<Item, Result> {
  readonly clock: Clock;
  readonly maxBatch: number;
  readonly maxDelayMs: number;
  /** Aborted when nobody adds any more: then nothing is waited for. */
  readonly stopping: AbortSignal;
  /** Settles every item of the batch and never rejects. */
  readonly write: (batch: readonly WaitingItem<Item, Result>[]) => Promise<void>;
}

/** Items in the order they came, written one batch at a time. */
export class BatchPartition<Item, Result> {
  readonly #waiting: WaitingItem<Item, Result>[] = [];
  readonly #nap: Nap;
  #running: Promise<void> | undefined;

  constructor(private readonly options: PartitionOptions<Item, Result>) {
    this.#nap = new Nap(options.clock);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  add(item: WaitingItem<Item, Result>): void {
    this.#waiting.push(item);
    if (this.#waiting.length >= this.options.maxBatch) this.#nap.cutShort();
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    const { maxBatch, write } = this.options;
    // Whoever adds in the same turn of the event loop shares the first write: that costs no time.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      await this.#gather();
      await write(this.#waiting.splice(0, maxBatch));
    }
    // In the same step as the last look at what waits: what is added from now on begins a run of its own.
    this.#running = undefined;
  }

  /** Waits for company, until the batch is full or the first item has waited for as long as it may. */
  async #gather(): Promise<void> {
    const { clock, maxBatch, maxDelayMs, stopping } = this.options;
    this.#nap.begin();
    const [first] = this.#waiting;
    if (!first || this.#waiting.length >= maxBatch) return;
    const leftMs = first.sinceMs + maxDelayMs - clock.monotonic();
    if (leftMs > 0) await this.#nap.rest(leftMs, stopping);
  }
}
