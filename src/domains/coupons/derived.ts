/** The last moment a Date can hold, in milliseconds from 1970 (ECMA-262, 21.4.1.1), and by its sign the first. */
const LAST_MS = 8.64e15;

/**
 * A moment as the chain has it, in whole Unix seconds, as a Date. Whoever means "never" may have written the largest i64:
 * that becomes the last moment there is.
 */
export function timeFrom(unixSeconds: bigint): Date {
  return new Date(Math.min(LAST_MS, Math.max(-LAST_MS, Number(unixSeconds) * 1_000)));
}

/** The mean rating to two decimals, null while nobody has rated: the same from an event and from the account. */
export function averageRating(count: number, sum: bigint): number | null {
  return count === 0 ? null : Math.round((Number(sum) / count) * 100) / 100;
}
