import type { Clock } from '../../../src/lib/clock.js';

/** A clock on which sleeping takes no time: it jumps there, and remembers how far. */
export class JumpingClock implements Clock {
  readonly slept: number[] = [];
  #ms = 1_000;

  now(): number {
    return 1_700_000_000_000 + this.#ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  advance(ms: number): void {
    this.#ms += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    // A turn of the event loop, so that a loop over sleeps does not starve the test.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) return;
    this.slept.push(ms);
    this.#ms += ms;
  }
}
