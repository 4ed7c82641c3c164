import { forgetSettled, type ForgetPlace } from '../delivery/desk/forget-settled.js';
import { commitUnderLease } from '../leases/lease-transaction.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import type { Foundation } from './foundation.js';

/** Between looks at a desk, in milliseconds: what is to be removed is months old. */
const FORGET_EVERY_MS = 30_000;
/** Bites of one look: the rest waits for the next one, so that it never holds up what is to be told. */
const MOST_BITES = 20;
const DAY_MS = 24 * 3_600_000;

/** Removes what is over for longer than it is kept, at a desk that this process holds, until `signal` is aborted. */
export async function keepForgetting(
  { config, log, mongo: { db }, databaseClock }: Foundation,
  desk: number,
  work: LeaseWork,
  signal: AbortSignal,
): Promise<void> {
  const { deliveriesKeepDays } = config;
  if (deliveriesKeepDays === 0) return;
  let place: ForgetPlace | null = null;
  await repeat(
    databaseClock,
    FORGET_EVERY_MS,
    signal,
    async () => {
      const before = new Date(databaseClock.now() - deliveriesKeepDays * DAY_MS);
      let removed = 0;
      for (let bites = 0; bites < MOST_BITES && !signal.aborted; bites++) {
        const { records, next } = await forgetSettled(
          { db, commit: (body) => commitUnderLease(db, work, body) },
          desk,
          before,
          place,
        );
        removed += records;
        place = next;
        if (next === null) break;
      }
      if (removed > 0) log.info({ desk, records: removed }, 'events that were settled long ago were removed');
    },
    (error) => log.warn({ desk, error: messageOf(error) }, 'what is over could not be removed; it goes on'),
  ).ended;
}
