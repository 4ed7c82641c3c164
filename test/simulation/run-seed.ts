import { differences } from './differences.js';
import { runGuarded } from './guarded-run.js';
import type { Fault, RecoveryPath } from './journal.js';
import { World } from './world.js';
import type { SeedOutcome } from './worlds.js';

/** After everything is healed, all must be right within this time, milliseconds of the simulation. */
const PATIENCE_MS = 180_000;
/** How often that is looked at, and how long it must stay right, milliseconds. */
const LOOK_EVERY_MS = 1_000;
const STAY_RIGHT_MS = 3_000;

/** Runs the world of a seed to its end: until all is right and stays right, or something is wrong for good. */
export async function runSeed(seed: number, isVerbose = false): Promise<SeedOutcome<Fault, RecoveryPath>> {
  const world = new World(seed, isVerbose);
  const { time, witness, plan, journal, server, cluster } = world;
  let rightSince: number | null = null;
  const failure = await runGuarded(
    { violation: () => witness.violation, uncovered: server.uncovered },
    async (isOver) => {
      await time.runUntil(plan.healAtMs, isOver, () => undefined);
      for (let at = time.now; !isOver(); at += LOOK_EVERY_MS) {
        await time.runUntil(at, isOver, () => undefined);
        const wrong = [
          ...differences(server, cluster, witness),
          ...world.told.missing(cluster, plan),
          ...world.reader.wrong(cluster),
          ...world.reconcileLacks(),
        ];
        if (wrong.length > 0) rightSince = null;
        else rightSince ??= time.now;
        if (rightSince !== null && time.now - rightSince >= STAY_RIGHT_MS) return null;
        if (time.now > plan.healAtMs + PATIENCE_MS) {
          return `not right ${PATIENCE_MS / 1_000} s after everything healed:\n  ${wrong.slice(0, 10).join('\n  ')}`;
        }
      }
      return null;
    },
  );
  return {
    ...{ seed, failure, journal, steps: time.steps, virtualMs: time.now },
    transactions: cluster.landed().length,
    healedAfterMs: rightSince === null ? null : Math.max(0, rightSince - plan.healAtMs),
  };
}
