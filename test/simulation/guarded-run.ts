import { inspect } from 'node:util';

/** What says that a world is wrong for good. */
export interface GuardedWorld {
  readonly violation: () => Error | null;
  /** What the database in memory was asked that it does not know. */
  readonly uncovered: readonly string[];
}

/**
 * Runs a world. `body` gets whether it is to end because something is wrong for good, and returns what it found wrong itself;
 * null: nothing. Returns what was wrong: what was thrown anywhere before what broke an invariant before that.
 */
export async function runGuarded(
  { violation, uncovered }: GuardedWorld,
  body: (isOver: () => boolean) => Promise<string | null>,
): Promise<string | null> {
  let thrown: unknown;
  const onThrown = (error: unknown) => (thrown ??= error);
  process.on('unhandledRejection', onThrown);
  process.on('uncaughtException', onThrown);
  try {
    const found = await body(() => violation() !== null || thrown !== undefined || uncovered.length > 0);
    if (thrown !== undefined) return thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown);
    return violation()?.message ?? found ?? (uncovered.length > 0 ? uncovered.join('\n') : null);
  } finally {
    process.off('unhandledRejection', onThrown);
    process.off('uncaughtException', onThrown);
  }
}
