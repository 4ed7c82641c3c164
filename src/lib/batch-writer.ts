import { backoffMs, type BackoffPolicy } from './backoff.js';
import { BatchPartition, type WaitingItem } from './batch-partition.js';
import type { Clock } from './clock.js';
import { MooringError } from './errors.js';

/** What a write says of one of its items: acknowledged, or failed for a reason of its own. */
export type Outcome<Result> =
  { readonly kind: 'done'; readonly value: Result } | { readonly kind: 'failed'; readonly error: unknown };

interface RetryOptions {
  /** Writes of a batch at most, the first one included. */
  readonly attempts: number;
  readonly backoff: BackoffPolicy;
  /** [0, 1) */
  readonly random: () => number;
  /** Whether what a write threw may be over the next time. */
  readonly isTransient: (error: unknown) => boolean;
}

interface BatchWriterOptions<Item, Result> {
  readonly partitions: number;
  /** Items of one key are written in the order they were added. Without it, partitions take turns and nothing has an order. */
  readonly partitionOf?: (item: Item) => string;
  readonly maxBatch: number;
  /** How long an item may wait for company; 0 writes at once whenever no write is under way. */
  readonly maxDelayMs: number;
  /** Items that wait in all partitions together; beyond it they are refused. */
  readonly maxWaiting: number;
  /**
   * Writes the batch and says of each item, in its order, what came of it. What it throws fails the batch, or has it
   * written once more: it must be idempotent then, for a write that threw may have happened.
   */
  readonly write: (batch: readonly Item[]) => Promise<readonly Outcome<Result>[]>;
  readonly retry?: RetryOptions;
  readonly clock: Clock;
  readonly onBatch?: (size: number) => void;
}

/** Since the writer was made; a batch that is written again counts once. */
export interface BatchStatistics {
  readonly items: number;
  readonly batches: number;
  /** Items that shared their write with others: over `items`, the hit rate. */
  readonly shared: number;
}

/**
 * Writes what many ask for in few writes. In a partition one batch is written at a time, and what comes meanwhile goes
 * with the next one: batches form by themselves under load, and an idle system adds no delay.
 */
export class BatchWriter<Item, Result> {
  readonly #partitions: readonly BatchPartition<Item, Result>[];
  readonly #stopping = new AbortController();
  #turn = 0;
  #statistics = { items: 0, batches: 0, shared: 0 };

  constructor(private readonly options: BatchWriterOptions<Item, Result>) {
    const { clock, maxBatch, maxDelayMs } = options;
    const stopping = this.#stopping.signal;
    const write = (batch: readonly WaitingItem<Item, Result>[]) => this.#write(batch);
    this.#partitions = Array.from(
      { length: options.partitions },
      () => new BatchPartition({ clock, maxBatch, maxDelayMs, stopping, write }),
    );
  }

  /**
   * Resolves once `write` has acknowledged this item, and rejects with the item's own error or with what the write of its
   * batch threw.
   * @throws MooringError `overloaded` when too much waits, `stopped` after `stop`: then the item is not written.
   */
  add(item: Item): Promise<Result> {
    if (this.#stopping.signal.aborted)
      return Promise.reject(new MooringError('stopped', 'This process is stopping and takes nothing more to write.'));
    const waiting = this.#partitions.reduce((sum, partition) => sum + partition.waiting, 0);
    if (waiting >= this.options.maxWaiting)
      return Promise.reject(
        new MooringError('overloaded', `${waiting} writes wait already. Try again when there is less to do.`),
      );
    return new Promise((resolve, reject) => {
      this.#partitionFor(item).add({ item, sinceMs: this.options.clock.monotonic(), resolve, reject });
    });
  }

  /** Writes what waits, then ends; nothing is taken from now on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#partitions.map((partition) => partition.drained()));
  }

  statistics(): BatchStatistics {
    return { ...this.#statistics };
  }

  #partitionFor(item: Item): BatchPartition<Item, Result> {
    const { partitionOf } = this.options;
    const number = partitionOf ? hashOf(partitionOf(item)) : this.#turn++;
    const partition = this.#partitions[number % this.#partitions.length];
    if (!partition) throw new Error('a batch writer needs one partition at least');
    return partition;
  }

  async #write(batch: readonly WaitingItem<Item, Result>[]): Promise<void> {
    const { onBatch } = this.options;
    this.#statistics.items += batch.length;
    this.#statistics.batches += 1;
    if (batch.length > 1) this.#statistics.shared += batch.length;
    try {
      onBatch?.(batch.length);
      const outcomes = await this.#attempt(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome?.kind === 'done') resolve(outcome.value);
        else reject(outcome ? outcome.error : new Error('the write said nothing of this item'));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async #attempt(items: readonly Item[]): Promise<readonly Outcome<Result>[]> {
    const { write, retry, clock } = this.options;
    for (let attempt = 0; ; attempt++) {
      try {
        return await write(items);
      } catch (error) {
        if (!retry || attempt + 1 >= retry.attempts || !retry.isTransient(error)) throw error;
        await clock.sleep(backoffMs(retry.backoff, attempt, retry.random));
      }
    }
  }
}

/** FNV-1a, 32 bits: spreads keys evenly, nothing else is asked of it. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
