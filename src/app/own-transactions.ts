import type { OwnTransactionDoor } from '../api/ports.js';
import { TransactionFetcher } from '../chain/transaction-fetcher.js';
import { ledgerEvents, recordFrom } from '../ledger/ledger-collections.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { createIngest } from './create-ingest.js';
import type { Foundation } from './foundation.js';

/** How often the ledger is asked whether a transaction is in the documents, in milliseconds. */
const POLL_MS = 20;
/** An API answer should not hang on a node that lags; the worker and the sweep bring the events anyway. */
const PATIENCE_MS = 5_000;

/**
 * The API's own way into the ledger: it knows the signature first, so it need not wait for the socket. It only
 * inserts; who holds the program's lease projects, in whatever process.
 */
export function createOwnTransactionDoor(foundation: Foundation): OwnTransactionDoor & { stop(): void } {
  const { mongo, pool, modules } = foundation;
  const { clock, random } = foundation.machine;
  const fetcher = new TransactionFetcher({ chain: pool.chain, clock, random, patienceMs: PATIENCE_MS });
  const ingests = modules.map((installed) => createIngest(foundation, installed, fetcher));
  return {
    ingest: async (signature, slot) => {
      for (const ingest of ingests) await ingest.take([{ signature, slot, failed: false, source: 'own' }], 'confirmed');
    },
    waitApplied: async (signature, timeoutMs) => {
      const deadline = clock.monotonic() + timeoutMs;
      for (;;) {
        // Asked again and again: no more of each record than the answer needs.
        const records = await ledgerEvents(mongo.db)
          .find({ signature }, { projection: { state: 1, disputed: 1 } })
          .toArray();
        if (areApplied(records.map(recordFrom))) return 'applied';
        if (clock.monotonic() >= deadline) return 'timeout';
        await clock.sleep(POLL_MS);
      }
    },
    stop: () => fetcher.stop(),
  };
}

/**
 * Whether a landed transaction's documents are what they will be, by its ledger records. Not while the chain has yet to
 * decide between versions, and not by a version that never landed: a validator that leads announces such, and they are
 * in the documents until the chain was asked. A dead record becomes no more readable by waiting.
 */
export function areApplied(records: readonly Pick<LedgerRecord, 'state' | 'disputed'>[]): boolean {
  const standing = records.filter(({ state }) => state !== 'orphaned');
  return standing.length > 0 && standing.every(({ state, disputed }) => state !== 'received' && !disputed);
}
