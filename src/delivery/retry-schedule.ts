const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** From one try to the next, in milliseconds; the schedule that Standard Webhooks recommends. */
const PAUSES_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/** Share of a pause that is random, so that what failed together does not come back together. */
const JITTER = 0.2;

/** How long to wait after the `number`-th try (from 1), in milliseconds; null: it was the last. `random` returns [0, 1). */
export function pauseAfter(number: number, random: () => number): number | null {
  const pause = PAUSES_MS[number - 1];
  return pause === undefined ? null : Math.round(pause * (1 - JITTER * random()));
}
