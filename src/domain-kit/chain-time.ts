/** The last moment a Date can hold, in milliseconds from 1970 (ECMA-262, 21.4.1.1), and by its sign the first. */
const LAST_MS = 8.64e15;

/**
 * A moment as the chain has it, in whole Unix seconds, as a Date. Whoever means "never" may have written the largest i64:
 * that becomes the last moment there is.
 */
export function timeFrom(unixSeconds: bigint): Date {
  return new Date(Math.min(LAST_MS, Math.max(-LAST_MS, Number(unixSeconds) * 1_000)));
}

/** As `timeFrom`; null for 0, by which programs say that it has not happened. */
export function timeOrNull(unixSeconds: bigint): Date | null {
  return unixSeconds === 0n ? null : timeFrom(unixSeconds);
}
