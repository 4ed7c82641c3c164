import { backoffMs } from './backoff.js';
import { BoundedMap } from './bounded-map.js';
import type { Clock } from './clock.js';

/** First after as long as another node may need, then rarer: what is still asked for costs a request in five minutes. */
const POLICY = { firstMs: 5_000, maxMs: 300_000, jitter: 0.2 };
/** Few enough to be named in a query. What is forgotten is asked for sooner, never later. */
const REMEMBERED = 1_000;

/** Remembers what could not be had whole, and when it is asked for again. It is never given up. */
export class AskAgain {
  readonly #failed = new BoundedMap<string, { readonly failures: number; readonly atMs: number }>(REMEMBERED);

  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly random: () => number,
  ) {}

  isDue(key: string): boolean {
    return (this.#failed.get(key)?.atMs ?? -Infinity) <= this.clock.monotonic();
  }

  /** Those that are not due yet. */
  waiting(): string[] {
    return this.#failed.keys().filter((key) => !this.isDue(key));
  }

  failed(key: string): void {
    const failures = this.#failed.get(key)?.failures ?? 0;
    this.#failed.set(key, {
      failures: failures + 1,
      atMs: this.clock.monotonic() + backoffMs(POLICY, failures, this.random),
    });
  }

  succeeded(key: string): void {
    this.#failed.delete(key);
  }
}
