import type { HealthReadings } from './ports.js';

/** Whether the system can be relied on now, and if not, why. */
export interface Readiness {
  readonly healthy: boolean;
  readonly reasons: readonly string[];
  /** The newest slot of which any program's event was seen. */
  readonly lastSlot: number | null;
  /** Of the program that is furthest behind; null when that of any is unknown. */
  readonly lag: number | null;
}

/** Ready means: the database answers, every program is listened to, its chain believable, and none is more than `maxLagSlots` behind. */
export function readinessOf({ database, programs }: HealthReadings, maxLagSlots: number): Readiness {
  const reasons: string[] = [];
  if (!database) reasons.push('the database does not answer');
  for (const { name, connected, lag, sweepStopped, massSuspicion } of programs) {
    const why = sweepStopped === null ? '' : ` (the last sweep stopped: ${sweepStopped})`;
    if (!connected) reasons.push(`nobody listens to ${name}`);
    if (massSuspicion) {
      const { suspects, asked } = massSuspicion;
      reasons.push(`the chain does not know ${suspects} of ${asked} transactions of ${name} that were confirmed`);
    }
    if (lag === null) reasons.push(`the lag of ${name} is not known${why}`);
    else if (lag > maxLagSlots) reasons.push(`${name} is ${lag} slots behind, more than ${maxLagSlots}${why}`);
  }
  const slots = programs.map((program) => program.lastSlot).filter((slot) => slot !== null);
  const lags = programs.map((program) => program.lag);
  const known = lags.filter((lag) => lag !== null);
  return {
    healthy: reasons.length === 0,
    reasons,
    lastSlot: slots.length > 0 ? Math.max(...slots) : null,
    lag: known.length === lags.length && known.length > 0 ? Math.max(...known) : null,
  };
}
