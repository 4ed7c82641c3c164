import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { touchLease, type HeldLease } from '../leases/lease.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import {
  clearDispute,
  correctTouches,
  insertVersions,
  markApplied,
  markOrphaned,
  replaceVersion,
  setCounts,
  setIndexes,
  type RecordCount,
  type RecordIndex,
} from '../ledger/mark-records.js';
import { MongoProjection } from './mongo-projection.js';
import { project, type HandledWrites } from './project.js';
import { touchesOf } from './run-handler.js';

/** Another version of an event in the place of the one the ledger holds. */
export interface VersionChange {
  readonly old: LedgerRecord;
  readonly landed: LedgerRecord;
}

/** A change of the ledger together with what it does to the documents. Empty parts change nothing. */
export interface LedgerChange {
  /** Received records whose handlers ran well. */
  readonly apply: readonly HandledWrites[];
  /** Applied records that leave the fold; each is orphaned or replaced below. */
  readonly withdraw: readonly LedgerRecord[];
  readonly orphan: { readonly ids: readonly string[]; readonly reason: string };
  readonly replace: readonly VersionChange[];
  /** New to the ledger: inserted as applied. Their writes are among `enter`. */
  readonly insert: readonly LedgerRecord[];
  /** Writes of replaced and inserted records that enter the fold. */
  readonly enter: readonly HandledWrites[];
  /** Records whose place among the transactions of their slot has become known. */
  readonly reindex: readonly RecordIndex[];
  /** Records that stay, of a transaction that has another number of events than they say. */
  readonly recount: readonly RecordCount[];
  /** Touched documents to be folded from the start. */
  readonly refold: readonly string[];
  /** The transaction whose dispute this change ends. */
  readonly settledSignature: string | null;
}

/** A change that does nothing, to spread over. */
export const NO_CHANGE: LedgerChange = {
  apply: [],
  withdraw: [],
  orphan: { ids: [], reason: '' },
  replace: [],
  insert: [],
  enter: [],
  reindex: [],
  recount: [],
  refold: [],
  settledSignature: null,
};

/**
 * Commits a change of ledger and documents in one transaction under the lease (I2, I8).
 * @throws StaleFenceError when the lease has moved on; nothing is changed then.
 */
export async function commitChange(
  db: mongo.Db,
  lease: HeldLease,
  module: DomainModule,
  change: LedgerChange,
  now: Date,
): Promise<void> {
  await inLeaseTransaction(db, lease, async (session) => {
    // Before the documents are folded: their history is read with the places it has from now on.
    await setIndexes(db, session, change.reindex);
    const projection = new MongoProjection(db, session);
    await project(projection, module, [...change.apply, ...change.enter], change.withdraw, change.refold);
    await markApplied(
      db,
      session,
      change.apply.map(({ record }) => record),
      now,
    );
    await correctTouches(db, session, touchCorrections(change.apply));
    await markOrphaned(db, session, change.orphan.ids, change.orphan.reason);
    for (const { old, landed } of change.replace) await replaceVersion(db, session, old, landed);
    // After the documents are folded: what is read of their history is history, not these.
    await insertVersions(db, session, change.insert);
    await setCounts(db, session, change.recount);
    if (change.settledSignature !== null) await clearDispute(db, session, change.settledSignature);
    await touchLease(db, lease, session);
  });
}

/**
 * A handler that failed when its record was inserted, or an older one, said something else of what it touches: the
 * history of a document must find every record that made it (I6).
 */
function touchCorrections(applied: readonly HandledWrites[]): { id: string; touches: readonly string[] }[] {
  return applied.flatMap(({ record, writes }) => {
    const touches = touchesOf(writes);
    const isSame = touches.length === record.touches.length && touches.every((touch) => record.touches.includes(touch));
    return isSame ? [] : [{ id: record._id, touches }];
  });
}
