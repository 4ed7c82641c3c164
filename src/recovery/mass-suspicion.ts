/**
 * This many suspects in one pass, and most of what was asked: that is no reorg but an endpoint that tells nonsense
 * (another cluster, an empty history).
 */
const MANY_SUSPECTS = 20;
/**
 * So is it when everything asked is suspect, be it only a few, spread over more slots than a fork drops: a leader has 4
 * slots in a row, so a fork of an ordinary kind takes those. Unless the endpoint knows what was final before them: then it
 * is no empty node and no other cluster, and the fork is a deep one.
 */
const ALL_OF_AT_LEAST = 5;
const SLOTS_AT_LEAST = 5;

/**
 * Whether so much is suspect that the endpoint is, and nothing may be rolled back on its word. `slots`: of the suspect
 * transactions; `asked`: how many transactions were asked about, those included; `knowsOurPast`: whether it knows the newest
 * transaction that is final already.
 */
export function isMassSuspicion(slots: readonly number[], asked: number, knowsOurPast: boolean): boolean {
  const suspects = slots.length;
  if (suspects >= MANY_SUSPECTS && suspects * 2 > asked) return true;
  return !knowsOurPast && suspects >= ALL_OF_AT_LEAST && suspects === asked && new Set(slots).size >= SLOTS_AT_LEAST;
}
