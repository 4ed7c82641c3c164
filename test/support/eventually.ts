import { messageOf } from '../../src/lib/errors.js';
import { systemClock } from '../../src/lib/clock.js';

/** Limits are given as for a machine that has nothing else to do; others get so many times as long before a test fails. */
const BUSY = 4;

/**
 * Runs `probe` until it neither throws nor returns `false` or `undefined`, and returns its value: the way tests wait.
 * Some time after `timeoutMs` (default 15 s) it throws with what was missing last.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  options: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, false | undefined>> {
  const { timeoutMs = 15_000, everyMs = 25 } = options;
  const caller = new Error();
  const deadline = systemClock.monotonic() + timeoutMs * BUSY;
  for (;;) {
    let missing: string;
    try {
      const value = await probe();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
      missing = `the probe still returned ${String(value)}`;
    } catch (error) {
      missing = messageOf(error);
    }
    if (systemClock.monotonic() >= deadline) {
      caller.message = `not so within ${timeoutMs * BUSY} ms: ${missing}`;
      throw caller;
    }
    await systemClock.sleep(everyMs);
  }
}
