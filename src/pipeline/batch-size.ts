import type { Clock } from '../lib/clock.js';

/**
 * How long a projecting transaction should take at most, in milliseconds: what is heard meanwhile waits for it, a
 * takeover waits for the longest one, and a server ends one after 60 s (transactionLifetimeLimitSeconds).
 */
const LONGEST_MS = 1_000;
const FIRST = 500;
const SMALLEST = 20;

/**
 * The next batch's size, after one of `records` records took `tookMs`. Large batches write a document once that many of
 * their events change; how large one may be depends on the server, and only its answers tell.
 */
export function nextBatchSize(current: number, most: number, records: number, tookMs: number): number {
  if (tookMs > LONGEST_MS) return Math.min(current, Math.max(SMALLEST, Math.floor(records / 2)));
  const hasRoom = records >= current * 0.8 && tookMs < LONGEST_MS / 2;
  return hasRoom ? Math.min(most, current * 2) : current;
}

/** Keeps the size of one projector's batches, never above `most`. */
export class BatchSize {
  #current: number;

  constructor(private readonly most: number) {
    this.#current = Math.min(FIRST, most);
  }

  get current(): number {
    return this.#current;
  }

  /**
   * Runs `work` on a batch and learns from it. One that fails may have been too large for the server (its cache, its time
   * limit, a conflict that takes as long to arise): the next is smaller.
   */
  async learnFrom<T>(clock: Clock, records: number, work: () => Promise<T>): Promise<T> {
    const began = clock.monotonic();
    try {
      const outcome = await work();
      this.learn(records, clock.monotonic() - began);
      return outcome;
    } catch (error) {
      this.learn(records, Infinity);
      throw error;
    }
  }

  learn(records: number, tookMs: number): void {
    this.#current = nextBatchSize(this.#current, this.most, records, tookMs);
  }
}
