import type { Nap } from './nap.js';

/**
 * Takes turns until `stop` is aborted; the one under way is finished. Each says for how long there is nothing to do, in
 * milliseconds; `onTrouble` says it of one that failed, or throws to end it all.
 */
export async function takeTurns(
  nap: Nap,
  stop: AbortSignal,
  turn: () => Promise<number>,
  onTrouble: (error: unknown) => number,
): Promise<void> {
  while (!stop.aborted) {
    nap.begin();
    const restMs = await turn().catch(onTrouble);
    if (restMs > 0) await nap.rest(restMs, stop);
  }
}
