/** The mean rating to two decimals, null while nobody has rated: the same from an event and from the account. */
export function averageRating(count: number, sum: bigint): number | null {
  return count === 0 ? null : Math.round((Number(sum) / count) * 100) / 100;
}
