import { runGuarded } from '../guarded-run.js';
import type { SeedOutcome } from '../worlds.js';
import type { TxFault, TxPath } from './tx-journal.js';
import { TxWorld } from './tx-world.js';

/** After everything is healed, all must have come to rest within this time, milliseconds of the simulation. */
const PATIENCE_MS = 180_000;
const LOOK_EVERY_MS = 500;

/** Runs the world of a seed until everything rests, and the chain beyond that; or until something is wrong for good. */
export async function runTransactionsSeed(seed: number, isVerbose = false): Promise<SeedOutcome<TxFault, TxPath>> {
  const world = new TxWorld(seed, isVerbose);
  const { time, judge, plan, journal, server } = world;
  let restedAt: number | null = null;
  const failure = await runGuarded(
    { violation: () => judge.violation, uncovered: server.uncovered },
    async (isOver) => {
      await time.runUntil(plan.healAtMs, isOver, () => undefined);
      for (let at = time.now; !isOver(); at += LOOK_EVERY_MS) {
        await time.runUntil(at, isOver, () => undefined);
        const open = world.unrested();
        if (open.length === 0) {
          restedAt = time.now;
          world.runOut();
          judge.lookAtEnd();
          return null;
        }
        if (time.now > plan.healAtMs + PATIENCE_MS) {
          return `not at rest ${PATIENCE_MS / 1_000} s after everything healed:\n  ${open.slice(0, 10).join('\n  ')}`;
        }
      }
      return null;
    },
  );
  return {
    ...{ seed, failure, journal, steps: time.steps, virtualMs: time.now },
    transactions: judge.requests.length,
    healedAfterMs: restedAt === null ? null : Math.max(0, restedAt - plan.healAtMs),
  };
}
