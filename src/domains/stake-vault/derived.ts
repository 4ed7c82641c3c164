/** Whether a stake of so much, in millionths of a token, counts. */
export function statusOf(staked: bigint): 'active' | 'inactive' {
  return staked > 0n ? 'active' : 'inactive';
}
