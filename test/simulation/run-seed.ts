import { inspect } from 'node:util';
import { differences } from './differences.js';
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
  let thrown: unknown;
  const onThrown = (error: unknown) => (thrown ??= error);
  process.on('unhandledRejection', onThrown);
  process.on('uncaughtException', onThrown);
  const isOver = () => witness.violation !== null || thrown !== undefined || server.uncovered.length > 0;
  let failure: string | null = null;
  let rightSince: number | null = null;
  try {
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
      if (rightSince !== null && time.now - rightSince >= STAY_RIGHT_MS) break;
      if (time.now > plan.healAtMs + PATIENCE_MS) {
        failure = `not right ${PATIENCE_MS / 1_000} s after everything healed:\n  ${wrong.slice(0, 10).join('\n  ')}`;
        break;
      }
    }
    if (witness.violation) failure = witness.violation.message;
    if (thrown !== undefined) failure = thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown);
    if (failure === null && server.uncovered.length > 0) failure = server.uncovered.join('\n');
  } finally {
    process.off('unhandledRejection', onThrown);
    process.off('uncaughtException', onThrown);
  }
  return {
    ...{ seed, failure, journal, steps: time.steps, virtualMs: time.now },
    transactions: cluster.landed().length,
    healedAfterMs: rightSince === null ? null : Math.max(0, rightSince - plan.healAtMs),
  };
}
