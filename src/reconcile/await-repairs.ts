import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import { ledgerEvents } from '../ledger/ledger-collections.js';
import { countRepairs } from '../ledger/repair-queue.js';

/** How often it is asked whether it is done, in milliseconds. */
const POLL_MS = 250;

/**
 * Waits while the holder of a program's lease works off what it was asked to put right, and the accounts observed up to
 * this slot. Gives up when nothing at all was done for `patienceMs`.
 */
export async function awaitRepairs(
  { db, clock, signal }: { readonly db: mongo.Db; readonly clock: Clock; readonly signal?: AbortSignal | undefined },
  program: string,
  slot: number,
  patienceMs: number,
): Promise<void> {
  const observations = { program, state: 'received', kind: 'observation', slot: { $lte: slot } };
  let deadline = clock.monotonic() + patienceMs;
  for (let last = Infinity; !signal?.aborted;) {
    const waiting = (await countRepairs(db, program)) + (await ledgerEvents(db).countDocuments(observations));
    if (waiting === 0) return;
    if (waiting < last) deadline = clock.monotonic() + patienceMs;
    else if (clock.monotonic() >= deadline) return;
    last = waiting;
    await clock.sleep(POLL_MS, signal);
  }
}
