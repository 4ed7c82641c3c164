import { setTimeout as delay } from 'node:timers/promises';

/** The longest wait that a timer of Node keeps: a longer one ends at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Time as a capability, so that deciding code can run under a simulated clock. */
export interface Clock {
  /** Wall-clock milliseconds since the Unix epoch: for people and documents, never for deciding a race. */
  now(): number;
  /** Milliseconds that never go backwards, meaningful only within this process: for timeouts and leases. */
  monotonic(): number;
  /** Resolves after `ms`, or at once (without throwing) when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch {
      // An aborted sleep is a wake-up, not a failure: the caller looks at its signal.
    }
  },
};
