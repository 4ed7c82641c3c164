import type { Clock } from '../../../src/lib/clock.js';

/** A clock that stands still until told, and says how many sleep on it. */
export class HandClock implements Clock {
  #nowMs = 0;
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();

  now = (): number => this.#nowMs;
  monotonic = (): number => this.#nowMs;

  get sleepers(): number {
    return this.#sleepers.size;
  }

  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const sleeper = { untilMs: this.#nowMs + ms, wake: () => end() };
      const end = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', end);
    });

  /** Lets time pass, and everything that wakes run until it waits again. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.untilMs <= this.#nowMs) sleeper.wake();
    await settled();
  }
}

/** Resolves when everything that can run without time passing has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
