import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { HeldLease } from '../leases/lease.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { readPresent } from '../ledger/read-records.js';
import type { BatchSize } from './batch-size.js';
import type { HandledWrites } from './project.js';
import { commitChange, NO_CHANGE } from './projection-store.js';
import { runHandler, touchesOf } from './run-handler.js';
import { DUPLICATE_KEY } from '../lib/duplicate-key.js';

interface ApplyNewDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The short way into the ledger, for the lease holder alone: records that are in it already as applied, together with
 * what they do to the documents, in one transaction (I2). It saves reading each record back and marking it, which costs
 * a server more than inserting it. Returns those that went this way. Whatever is not plain (a handler that throws, an event
 * that is known already, a transaction that fails) is left to the long way: stored as received first, then applied.
 */
export async function applyNew(
  dependencies: ApplyNewDependencies,
  lease: HeldLease,
  module: DomainModule,
  records: readonly LedgerRecord[],
  size: BatchSize,
): Promise<readonly LedgerRecord[]> {
  const { db, clock, log } = dependencies;
  const applied: LedgerRecord[] = [];
  try {
    const present = await readPresent(
      db,
      records.map(({ _id }) => _id),
    );
    for (const batch of evenBatches(plainOnes(module, records, present), size.current)) {
      applied.push(
        ...(await size.learnFrom(clock, batch.length, () => insertApplied(dependencies, lease, module, batch))),
      );
    }
  } catch (error) {
    // Why it failed shows again, and is dealt with, when the records are applied from the ledger: nothing but that they
    // are stored is asked of the short way (I1).
    // Somebody else (the API's own write, another worker) was a moment faster with one of them: nothing to worry about.
    const level = (error as { code?: unknown }).code === DUPLICATE_KEY ? 'debug' : 'warn';
    log[level](
      { program: module.name, error: messageOf(error) },
      'a batch was not applied at once; it is stored first',
    );
  }
  return applied;
}

async function insertApplied(
  { db, clock }: ApplyNewDependencies,
  lease: HeldLease,
  module: DomainModule,
  batch: readonly HandledWrites[],
): Promise<readonly LedgerRecord[]> {
  const now = new Date(clock.now());
  const enter = batch.map(({ record, writes }): HandledWrites => ({
    record: { ...record, state: 'applied', appliedAt: now },
    writes,
  }));
  const insert = enter.map(({ record }) => record);
  await commitChange(db, lease, module, { ...NO_CHANGE, insert, enter }, now);
  return insert;
}

/** Those that no version of is in the ledger and whose handlers run; each once. */
function plainOnes(
  module: DomainModule,
  records: readonly LedgerRecord[],
  present: ReadonlySet<string>,
): HandledWrites[] {
  const taken = new Set(present);
  return records.flatMap((record) => {
    if (taken.has(record._id)) return [];
    taken.add(record._id);
    const outcome = runHandler(module, record);
    return outcome.ok ? [{ record: { ...record, touches: touchesOf(outcome.writes) }, writes: outcome.writes }] : [];
  });
}

/** As few batches as can be, of equal size: a rest of three costs a transaction as well. */
function evenBatches<T>(items: readonly T[], atMost: number): T[][] {
  const count = Math.ceil(items.length / atMost);
  const edge = (batch: number) => Math.floor((batch * items.length) / count);
  return Array.from({ length: count }, (_, batch) => items.slice(edge(batch), edge(batch + 1)));
}
