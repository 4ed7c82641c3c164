import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import { readHolder } from './read-holder.js';

const LOOK_EVERY_MS = 200;

/**
 * Who holds a lease, and whether it shows within a term that it lives: by its beat alone, since no two clocks are compared.
 * Returns as soon as it does, or says that it lives when `signal` is aborted: nothing else was seen.
 */
export async function watchHolder(
  db: mongo.Db,
  clock: Clock,
  name: string,
  termMs: number,
  signal?: AbortSignal,
): Promise<{ readonly holder: string | null; readonly isAlive: boolean }> {
  const begunMs = clock.monotonic();
  const first = await readBeats(db, name);
  for (;;) {
    const holder = await readHolder(db, name);
    if (!holder) return { holder, isAlive: false };
    if ((await readBeats(db, name)) !== first) return { holder, isAlive: true };
    if (signal?.aborted) return { holder, isAlive: true };
    if (clock.monotonic() - begunMs >= termMs) return { holder, isAlive: false };
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Transactions under the lease and renewals together. */
async function readBeats(db: mongo.Db, name: string): Promise<number> {
  const found = await db
    .collection<{ _id: string; beat?: number }>('leases')
    .find({ _id: { $in: [name, `beat:${name}`] } })
    .toArray();
  return found.reduce((sum, { beat = 0 }) => sum + beat, 0);
}
