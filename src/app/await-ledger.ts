import { readFrontier } from '../ledger/frontier.js';
import { findByIndex } from '../ledger/find-by-index.js';
import { ledgerEvents } from '../ledger/ledger-collections.js';
import type { Foundation } from './foundation.js';

/** How often it is looked at, in milliseconds. */
const POLL_MS = 250;

/**
 * Waits until a program's ledger is complete up to this finalized slot, and all of it is applied. Gives up when it has not
 * moved at all for `patienceMs`. True: it is there.
 */
export async function awaitLedger(
  { mongo: { db }, machine: { clock } }: Pick<Foundation, 'mongo' | 'machine'>,
  program: string,
  head: number,
  patienceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  let [before, movedAtMs] = ['', clock.monotonic()];
  while (!signal.aborted) {
    const frontier = (await readFrontier(db, program))?.slot ?? -1;
    const received = { program, state: 'received' } as const;
    const [first] = await findByIndex(db, received, { also: { slot: { $lte: head } }, limit: 1 }).toArray();
    if (frontier >= head && !first) return true;
    // While a first sync lists a long history the frontier stands still and the ledger grows.
    const waiting = await ledgerEvents(db).countDocuments(received);
    const now = `${frontier} ${waiting} ${await ledgerEvents(db).estimatedDocumentCount()}`;
    if (now !== before) movedAtMs = clock.monotonic();
    else if (clock.monotonic() - movedAtMs >= patienceMs) return false;
    before = now;
    await clock.sleep(POLL_MS, signal);
  }
  return false;
}
