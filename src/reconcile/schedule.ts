import { Cron } from 'croner';
import type { ReconcileRun, ReconcileScope } from './reconcile-run.js';

/**
 * When the next pass begins. A pass that ran over its next times skips them: they do not stack.
 * @throws TypeError for a pattern that is none.
 */
export function nextPassAt(pattern: string, since: Date): Date | null {
  return new Cron(pattern, { paused: true, timezone: 'UTC' }).nextRun(since);
}

/** Since when the next pass is counted: the end of the last scheduled one, or its start where it never ended. */
export function countedSince(last: Pick<ReconcileRun, 'startedAt' | 'endedAt'> | null, beganAt: Date): Date {
  return last?.endedAt ?? last?.startedAt ?? beganAt;
}

/** The time between two passes of this pattern, in milliseconds; 0 where it has no second one. */
export function intervalOf(pattern: string, now: Date): number {
  const first = nextPassAt(pattern, now);
  const second = first && nextPassAt(pattern, first);
  return first && second ? second.getTime() - first.getTime() : 0;
}

/** What a pass is to cover: everything once in so long, changes in between. */
export function scopeOf(
  lastEverything: Pick<ReconcileRun, 'startedAt'> | null,
  fullIntervalMs: number,
  now: Date,
): ReconcileScope {
  const at = lastEverything?.startedAt?.getTime() ?? -Infinity;
  return now.getTime() - at >= fullIntervalMs ? 'everything' : 'changes';
}
