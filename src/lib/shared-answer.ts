import type { Clock } from './clock.js';

/** An answer that serves everybody who asks within `forMs` milliseconds. One that failed serves only those who wait for it. */
export class SharedAnswer<T> {
  #last: { readonly atMs: number; readonly answer: Promise<T> } | null = null;

  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly forMs: number,
    private readonly ask: () => Promise<T>,
  ) {}

  /** Rejects with what `ask` throws. */
  get(): Promise<T> {
    const nowMs = this.clock.monotonic();
    if (this.#last && nowMs - this.#last.atMs < this.forMs) return this.#last.answer;
    const answer = this.ask();
    const last = { atMs: nowMs, answer };
    this.#last = last;
    answer.catch(() => {
      if (this.#last === last) this.#last = null;
    });
    return answer;
  }
}
