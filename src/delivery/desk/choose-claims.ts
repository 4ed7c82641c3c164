/** A dispatcher with something due. */
export interface LaneSight<T> {
  /** Requests under way to it. */
  readonly inFlight: number;
  /** How many more may begin now. */
  readonly room: number;
  /** The longest due first. */
  readonly due: readonly T[];
}

/**
 * Which deliveries begin, at most `room` of them: each dispatcher gives one in turn, those with the fewest under way first, so
 * that none holds up the others however much it has waiting.
 */
export function chooseClaims<T>(lanes: readonly LaneSight<T>[], room: number): T[] {
  const chosen: T[] = [];
  const inTurn = [...lanes].sort((one, other) => one.inFlight - other.inFlight);
  for (let round = 0; chosen.length < room; round++) {
    const before = chosen.length;
    for (const { room: ofLane, due } of inTurn) {
      const next = due[round];
      if (round >= ofLane || next === undefined) continue;
      chosen.push(next);
      if (chosen.length >= room) return chosen;
    }
    if (chosen.length === before) return chosen;
  }
  return chosen;
}
