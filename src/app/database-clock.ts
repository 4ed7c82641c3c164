import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import { aheadMs, FollowedClock } from '../lib/followed-clock.js';
import type { Log } from '../lib/log.js';
import { repeat } from '../lib/repeat.js';

/** Between looks at the database's clock, in milliseconds: one small question each. */
const FOLLOW_EVERY_MS = 10_000;
/** Said in the log from here on, in milliseconds. */
const NOTED_MS = 1_000;

/** The time that all processes over one database share. */
export interface DatabaseClock {
  readonly clock: Clock;
  stop(): Promise<void>;
}

interface FollowDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** What the database's clock shows; null: it does not tell, and our own counts. */
  readonly readTime: () => Promise<number | null>;
}

/**
 * Follows the clock of the database, which is one for all processes: what somebody schedules on one machine is due by it on
 * another one, and not before, whatever the clocks of the two show. Returns once that was read for the first time.
 */
export async function followDatabaseClock({ clock, log, readTime }: FollowDeps): Promise<DatabaseClock> {
  const followed = new FollowedClock(clock);
  const stop = new AbortController();
  let isOff = false;

  async function look(): Promise<void> {
    const askedMs = clock.monotonic();
    const theirMs = await readTime();
    if (theirMs === null) return;
    const reading = { theirMs, askedMs, answeredMs: clock.monotonic() };
    followed.take(reading);
    const ahead = Math.round(aheadMs(reading, clock));
    const wasOff = isOff;
    isOff = Math.abs(ahead) > NOTED_MS;
    if (isOff && !wasOff) {
      const words = `the clock of this machine is ${ahead > 0 ? 'ahead of' : 'behind'} the database's: set it by NTP`;
      log.warn({ aheadMs: ahead }, `${words}; events are told by the database's`);
    } else if (wasOff && !isOff) log.info({}, 'the clock of this machine agrees with the database again');
  }

  await look();
  const looking = repeat(clock, FOLLOW_EVERY_MS, stop.signal, look, (error) =>
    log.debug({ error: messageOf(error) }, "the database's clock could not be read; it is followed as it was"),
  );
  return {
    clock: followed,
    stop: async () => {
      stop.abort();
      await looking.ended;
    },
  };
}
