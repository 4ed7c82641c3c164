import type { TransactionFetcher } from '../chain/transaction-fetcher.js';
import { systemClock as clock } from '../lib/clock.js';
import { Ingest } from '../pipeline/ingest.js';
import { wakeHolder } from '../pipeline/wake-signal.js';
import type { Foundation, InstalledModule } from './foundation.js';

/**
 * A program's door into the ledger, with its metrics and log lines. `wakeHere` wakes the projector of this process and
 * says whether there is one: the signal through the database costs a write and a round trip that only others need.
 */
export function createIngest(
  { config, log, metrics, mongo }: Foundation,
  { module, codec }: InstalledModule,
  fetcher: TransactionFetcher,
  wakeHere: () => boolean = () => false,
): Ingest {
  const program = module.name;
  return new Ingest(
    {
      db: mongo.db,
      clock,
      fetchTransaction: (signature, commitment) => fetcher.fetch(signature, commitment),
      finalityDelayMs: config.finalityDelayMs,
      wake: async () => {
        if (!wakeHere()) await wakeHolder(mongo.db, program);
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
