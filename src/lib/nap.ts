import type { Clock } from './clock.js';

/**
 * A rest between two runs of a loop that can be cut short. Not by `AbortSignal.any`: on Node 20 each signal made from
 * a long-lived one leaves something behind on it ([ran] 60 bytes a time), and loops rest for months.
 */
export class Nap {
  #sleeping: AbortController | undefined;
  #asked = false;

  constructor(readonly clock: Clock) {}

  /** Ends the rest under way, or skips the next one. */
  cutShort(): void {
    this.#asked = true;
    this.#sleeping?.abort();
  }

  /** Forgets what was asked before: call it when a run begins that will see everything there is. */
  begin(): void {
    this.#asked = false;
  }

  /** Resolves after `ms`, when cut short, or when `signal` is aborted. */
  async rest(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#asked || signal.aborted) return;
    const sleeping = new AbortController();
    const stop = () => sleeping.abort();
    this.#sleeping = sleeping;
    signal.addEventListener('abort', stop, { once: true });
    await this.clock.sleep(ms, sleeping.signal);
    signal.removeEventListener('abort', stop);
    this.#sleeping = undefined;
  }
}
