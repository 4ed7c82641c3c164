import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { touchLease, type HeldLease } from '../leases/lease.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import {
  clearDispute,
  correctTouches,
  insertVersions,
  markFailing,
  markApplied,
  markOrphaned,
  replaceVersion,
  renewRecords,
  setIndexes,
  type RecordRenewal,
  type RecordIndex,
} from '../ledger/mark-records.js';
import { noteLate } from '../ledger/stable-slot.js';
import { forgetRepairs } from '../ledger/repair-queue.js';
import { logCommit, type Movement } from './log-commit.js';
import { MongoProjection } from './mongo-projection.js';
import { HandlerChangedError, NOTHING_AGAIN, project, type HandledWrites, type WriteAgain } from './project.js';
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
  readonly renew: readonly RecordRenewal[];
  /** Touched documents to be folded from the start. */
  readonly refold: readonly string[];
  readonly again: WriteAgain;
  /** Requests for repair that this change fulfils. */
  readonly repaired: readonly string[];
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
  renew: [],
  refold: [],
  again: NOTHING_AGAIN,
  repaired: [],
  settledSignature: null,
};

/** Hears of every change made under a lease, inside its transaction: one that throws undoes the change. */
export type ProjectionTap = (
  session: mongo.ClientSession,
  changed: { readonly touches: readonly string[]; readonly records: readonly LedgerRecord[] },
) => Promise<void>;

const taps = new WeakMap<HeldLease, ProjectionTap>();

/** Lets `tap` hear of what is committed under this lease from now on; null lets nobody. */
export function tapProjection(lease: HeldLease, tap: ProjectionTap | null): void {
  if (tap) taps.set(lease, tap);
  else taps.delete(lease);
}

/**
 * Commits a change of ledger and documents in one transaction under the lease (I2, I8). Records that are in the way
 * because a newer handler refuses what an older one took become dead in the same transaction: the new event is not at
 * fault, and a rollback must not wait for them.
 * @throws StaleFenceError when the lease has moved on; nothing is changed then.
 */
export async function commitChange(
  db: mongo.Db,
  lease: HeldLease,
  module: DomainModule,
  change: LedgerChange,
  now: Date,
): Promise<void> {
  let expelled: HandlerChangedError['failing'] = [];
  for (;;) {
    try {
      await commitWithout(db, lease, module, change, now, expelled);
      return;
    } catch (error) {
      if (!(error instanceof HandlerChangedError)) throw error;
      expelled = [...expelled, ...error.failing];
    }
  }
}

async function commitWithout(
  db: mongo.Db,
  lease: HeldLease,
  module: DomainModule,
  change: LedgerChange,
  now: Date,
  expelled: HandlerChangedError['failing'],
): Promise<void> {
  const withdraw = [...change.withdraw, ...expelled.map(({ record }) => record)];
  await inLeaseTransaction(db, lease, async (session) => {
    // Before the documents are folded: their history is read with the places it has from now on.
    await setIndexes(db, session, change.reindex);
    await noteLate(
      db,
      session,
      module.name,
      change.reindex.map(({ id, slot }) => ({ _id: id, slot })),
      now,
    );
    const projection = new MongoProjection(db, session);
    const added = [...change.apply, ...change.enter];
    const results = await project(projection, module, added, withdraw, change.refold, change.again);
    await markFailing(db, session, expelled);
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
    await renewRecords(db, session, change.renew);
    await forgetRepairs(db, session, change.repaired);
    if (change.settledSignature !== null) await clearDispute(db, session, module.name, change.settledSignature);
    const movement = { entered: enteredBy(change), left: leftBy(change, expelled), results };
    await logCommit(db, session, projection, module, movement, { lease, now });
    await taps.get(lease)?.(session, {
      records: [...[...added, ...change.again.facts].map(({ record }) => record), ...withdraw],
      touches: [
        ...added.flatMap(({ writes }) => touchesOf(writes)),
        ...withdraw.flatMap(({ touches }) => touches),
        ...change.refold,
      ],
    });
    await touchLease(db, lease, session);
  });
}

/** What takes effect, each as the version that the ledger holds after this: `replaceVersion` counts them. */
function enteredBy({ apply, enter, replace }: LedgerChange): HandledWrites[] {
  const generations = new Map(replace.map(({ old }) => [old._id, old.generation + 1]));
  const numbered = enter.map(({ record, writes }) => {
    const generation = generations.get(record._id) ?? record.generation;
    return { record: { ...record, generation }, writes };
  });
  return [...apply, ...numbered];
}

function leftBy(change: LedgerChange, expelled: HandlerChangedError['failing']): Movement['left'] {
  const landed = new Map(change.replace.map(({ old, landed }) => [old._id, landed]));
  return [
    ...change.withdraw.map((record): Movement['left'][number] => {
      const version = landed.get(record._id);
      if (!version) return { record, reason: 'orphaned', detail: change.orphan.reason };
      return { record, reason: 'replaced', detail: `landed in slot ${version.slot}` };
    }),
    ...expelled.map(({ record, error }): Movement['left'][number] => ({ record, reason: 'refused', detail: error })),
  ];
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
