import { runGuarded } from '../guarded-run.js';
import type { SeedOutcome } from '../worlds.js';
import type { DlFault, DlPath } from './dl-journal.js';
import { DlWorld } from './dl-world.js';

/**
 * After everything is healed, and whenever its moment has come, all must be at rest within this time, milliseconds: what an
 * operator's request wrote that broke off in the middle stays locked until the server gives up on it, after 60 s.
 */
const PATIENCE_MS = 90_000;
const LOOK_EVERY_MS = 500;
/** With nothing left to do. */
const STOP_WITHIN_MS = 10_000;
/** What waits for its moment is given so long to be all that is left before that moment is let come. */
const SETTLED_MS = 2_000;

/** Runs the world of a seed until everything rests, however many days that takes; or until something is wrong for good. */
export async function runDeliveriesSeed(seed: number, isVerbose = false): Promise<SeedOutcome<DlFault, DlPath>> {
  const world = new DlWorld(seed, isVerbose);
  const { time, judge, plan, journal, server } = world;
  let restedAt: number | null = null;
  const failure = await runGuarded(
    { violation: () => judge.violation, uncovered: server.uncovered },
    async (isOver) => {
      await world.prepare();
      await time.runUntil(plan.healAtMs, isOver, () => undefined);
      let [sinceMs, sleepAtMs] = [time.now, time.now + SETTLED_MS];
      for (let at = time.now; !isOver(); at += LOOK_EVERY_MS) {
        await time.runUntil(at, isOver, () => undefined);
        const open = world.unrested();
        if (open.length === 0) {
          restedAt = time.now;
          judge.lookAtEnd();
          const left = await world.stop(STOP_WITHIN_MS);
          return left.length === 0 ? null : `${left.join(', ')} did not stop within ${STOP_WITHIN_MS / 1_000} s`;
        }
        if (time.now >= sleepAtMs) {
          if (world.sleepUntilDue()) sinceMs = time.now;
          sleepAtMs = time.now + SETTLED_MS;
        }
        if (time.now > sinceMs + PATIENCE_MS) {
          return `not at rest ${PATIENCE_MS / 1_000} s after all that is left was due:\n  ${open.slice(0, 10).join('\n  ')}`;
        }
      }
      return null;
    },
  );
  return {
    ...{ seed, failure, journal, steps: time.steps, virtualMs: time.now },
    transactions: judge.deliveries.length,
    healedAfterMs: restedAt === null ? null : Math.max(0, restedAt - plan.healAtMs),
  };
}
