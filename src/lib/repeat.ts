import type { Clock } from './clock.js';
import { Nap } from './nap.js';

/** A task that runs again and again, never twice at once. */
export interface Repeating {
  /** Runs it as soon as the run under way, if any, has ended. */
  soon(): void;
  /** Ends after the run under way. */
  readonly ended: Promise<void>;
}

/**
 * Runs `task` now and then `everyMs` after each end, or sooner when asked, until `signal` is aborted. A task that
 * throws is reported and runs again in its time; what `isFatal` says true to ends the repetition with that error.
 */
export function repeat(
  clock: Clock,
  everyMs: number,
  signal: AbortSignal,
  task: () => Promise<unknown>,
  onError: (error: unknown) => void,
  isFatal: (error: unknown) => boolean = () => false,
): Repeating {
  const nap = new Nap(clock);
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      nap.begin();
      try {
        await task();
      } catch (error) {
        if (isFatal(error)) throw error;
        if (!signal.aborted) onError(error);
      }
      await nap.rest(everyMs, signal);
    }
  };
  return {
    soon: () => nap.cutShort(),
    ended: run(),
  };
}
