/** Room for what one invocation logs. 10,000 bytes of log hold fewer lines, and 1.4 M compute units about 14,000. */
const PLACES_PER_INVOCATION = 2 ** 16;

/**
 * The place of a `Program data:` line: after the invocation begun last before it (`invocation`, from 1; 0 = none yet)
 * and after the `earlierDataLines` of any program since then.
 */
export function logEventPlace(invocation: number, earlierDataLines: number): number {
  return invocation * PLACES_PER_INVOCATION + 1 + Math.min(earlierDataLines, PLACES_PER_INVOCATION - 2);
}

/** The place of an `emit_cpi!` event: that of its own invocation (from 1). */
export function cpiEventPlace(invocation: number): number {
  return invocation * PLACES_PER_INVOCATION;
}
