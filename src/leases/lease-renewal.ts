import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { renew, type HeldLease } from './lease.js';

/** What is logged of a lease that is gone. */
export const LOST = 'lease lost to another process';

/** What renewing needs. */
export interface RenewalOptions {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly termMs: number;
}

/** Renews three times a term. A holder that cannot reach the database for a whole term counts itself out. */
export async function renewUntil(
  { db, clock, log, termMs }: RenewalOptions,
  lease: HeldLease,
  signal: AbortSignal,
  onLost: () => void,
): Promise<void> {
  const { name, fence } = lease;
  let lastBeat = clock.monotonic();
  while (!signal.aborted) {
    await clock.sleep(termMs / 3, signal);
    if (signal.aborted) return;
    try {
      if (!(await renew(db, lease))) {
        log.warn({ lease: name, fence }, LOST);
        onLost();
        return;
      }
      lastBeat = clock.monotonic();
    } catch (error) {
      log.warn({ lease: name, error: messageOf(error) }, 'could not renew the lease');
      if (clock.monotonic() - lastBeat >= termMs) {
        onLost();
        return;
      }
    }
  }
}
