import type { TransactionFetcher } from '../chain/transaction-fetcher.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { Ingest } from '../pipeline/ingest.js';
import { wakeHolder } from '../pipeline/wake-signal.js';
import type { Foundation, InstalledModule } from './foundation.js';

/** The projector of this process, while it holds the program's lease. */
export interface ProjectorHere {
  wake(): void;
  applyNew(records: readonly LedgerRecord[]): Promise<readonly LedgerRecord[]>;
}

/**
 * A program's door into the ledger, with its metrics and log lines. Where the lease is held in this process, records go
 * straight into the documents; the signal through the database is for others.
 */
export function createIngest(
  { config, log, metrics, mongo, machine }: Foundation,
  { module, codec }: InstalledModule,
  fetcher: TransactionFetcher,
  projectorHere: () => ProjectorHere | null = () => null,
): Ingest {
  const program = module.name;
  return new Ingest(
    {
      db: mongo.db,
      clock: machine.clock,
      fetchTransaction: (signature, commitment) => fetcher.fetch(signature, commitment),
      finalityDelayMs: config.finalityDelayMs,
      applyNew: async (records) => projectorHere()?.applyNew(records) ?? [],
      wake: async () => {
        const here = projectorHere();
        if (here) here.wake();
        else await wakeHolder(mongo.db, program);
      },
      onInserted: (_, records) => {
        for (const { name } of records) metrics.eventsTotal.inc({ program, event: name, outcome: 'received' });
      },
      onUndecodable: (_, letters) => {
        for (const { reason, signature, slot, detail } of letters) {
          metrics.deadLettersTotal.inc({ program, reason });
          log.warn({ program, reason, signature, slot, detail }, 'kept as a dead letter');
        }
      },
    },
    module,
    codec,
  );
}
