import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Settle } from '../domain-kit/settle.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { touchLease } from '../leases/lease.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { ledgerEvents, recordFrom } from '../ledger/ledger-collections.js';
import { touchOf } from '../ledger/ledger-record.js';
import { noteRepairFailure, readRepairs, type RequestedRepair } from '../ledger/repair-queue.js';
import { isOneDocumentsFault } from '../pipeline/apply-received.js';
import type { HandledWrites } from '../pipeline/project.js';
import { commitChange, NO_CHANGE } from '../pipeline/projection-store.js';
import { runHandler } from '../pipeline/run-handler.js';

interface RepairDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Documents per transaction at most. */
  readonly batchSize: number;
}

/**
 * Puts right what somebody found to be otherwise than the ledger says, as the lease holder and in its turn: so it never
 * races with what is being projected. Returns how many requests were taken up; 0 = none waits.
 * @throws StaleFenceError when the lease turns out to be somebody else's.
 */
export function repairNext(dependencies: RepairDependencies, work: LeaseWork, module: DomainModule): Promise<number> {
  return work.exclusive(async () => {
    const asked = await readRepairs(dependencies.db, module.name, dependencies.batchSize);
    if (asked.length === 0) return 0;
    try {
      await repairTogether(dependencies, work, module, asked);
    } catch (error) {
      if (!isOneDocumentsFault(error)) throw error;
      for (const one of asked) await repairAlone(dependencies, work, module, one);
    }
    return asked.length;
  });
}

async function repairTogether(
  { db, clock }: RepairDependencies,
  work: LeaseWork,
  module: DomainModule,
  asked: readonly RequestedRepair[],
): Promise<void> {
  const having = (kind: RequestedRepair['kind']) => asked.filter((one) => one.kind === kind);
  await commitChange(
    db,
    work.lease,
    module,
    {
      ...NO_CHANGE,
      refold: having('document').map(({ collection, key }) => touchOf(collection, key)),
      again: {
        facts: await factsOf(
          db,
          module,
          having('fact').map(({ key }) => key),
        ),
        results: resultsOf(module, having('result')),
      },
      repaired: asked.map(({ id }) => id),
    },
    new Date(clock.now()),
  );
}

/** One that its collection refuses takes no other along. */
async function repairAlone(
  dependencies: RepairDependencies,
  work: LeaseWork,
  module: DomainModule,
  one: RequestedRepair,
): Promise<void> {
  const { db, log } = dependencies;
  try {
    await repairTogether(dependencies, work, module, [one]);
  } catch (error) {
    if (!isOneDocumentsFault(error)) throw error;
    const { kind, collection, key } = one;
    log.warn({ kind, collection, key, error: messageOf(error) }, 'could not be repaired');
    await inLeaseTransaction(db, work.lease, async (session) => {
      await noteRepairFailure(db, session, one.id, messageOf(error));
      await touchLease(db, work.lease, session);
    });
  }
}

/** The facts that these applied events make. */
async function factsOf(db: mongo.Db, module: DomainModule, ids: readonly string[]): Promise<HandledWrites[]> {
  if (ids.length === 0) return [];
  const stored = await ledgerEvents(db)
    .find({ _id: { $in: [...ids] }, state: 'applied' })
    .toArray();
  return stored.map(recordFrom).flatMap((record) => {
    const outcome = runHandler(module, record);
    if (!outcome.ok) return [];
    return [{ record, writes: outcome.writes.filter(({ kind }) => kind === 'fact') }];
  });
}

function resultsOf(module: DomainModule, wanted: readonly RequestedRepair[]): Map<Settle, readonly string[]> {
  const keys = (step: Settle) =>
    wanted.filter(({ collection }) => collection === step.into.collection).map(({ key }) => key);
  return new Map(module.settle.map((step) => [step, keys(step)]));
}
