/**
 * A first-in-first-out queue that refuses instead of growing without end. The consumer takes everything that waits,
 * up to a batch, and sleeps while there is nothing.
 */
export class BoundedQueue<T> {
  #items: T[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#items.length;
  }

  /** False when the queue is full or closed: the caller decides what a refusal means. */
  offer(item: T): boolean {
    if (this.#closed || this.#items.length >= this.capacity) return false;
    this.#items.push(item);
    this.#wake?.();
    return true;
  }

  /** Up to `max` items, waiting for the first one; an empty array once the queue is closed and drained. */
  async take(max: number): Promise<T[]> {
    while (this.#items.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    return this.#items.splice(0, max);
  }

  /** No more items are accepted; those that wait can still be taken. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}
