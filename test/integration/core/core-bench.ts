import type { mongo } from 'mongoose';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import type { FieldValue } from '../../../src/domain-kit/field.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { tryAcquire } from '../../../src/leases/lease.js';
import { leaseWork, type LeaseWork } from '../../../src/leases/lease-work.js';
import { ensureLedgerIndexes } from '../../../src/ledger/ledger-collections.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { fromStored } from '../../../src/lib/stored-value.js';
import type { FailedRecord } from '../../../src/pipeline/apply-received.js';
import type { AppliesUpTo } from '../../../src/pipeline/confirmations.js';
import { Ingest, type FetchTransaction } from '../../../src/pipeline/ingest.js';
import { Projector } from '../../../src/pipeline/projector.js';
import { ensureIndexes } from '../../../src/store/model-indexes.js';
import type { Documents } from '../../support/coupon-history-oracle.js';
import { couponsCodec, renderTransaction } from '../../support/coupon-history-render.js';
import type { HistoryTransaction } from '../../support/coupon-history.js';
import { openBenchStore } from './bench-store.js';

export const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A retry policy that does not wait. */
export const noBackoff = { attempts: 3, backoff: { firstMs: 0, maxMs: 0, jitter: 0 } };

/** The core on a database of its own: what each test of it needs. */
export type CoreBench = Awaited<ReturnType<typeof openCoreBench>>;

export async function openCoreBench() {
  const store = await openBenchStore();
  const { db } = store;
  await ensureLedgerIndexes(db);
  await ensureIndexes(
    db,
    coupons.models.map(({ collection, indexes }) => ({ collection, indexes })),
  );
  // Collections come into being outside of transactions.
  for (const { collection } of coupons.models) await db.collection(collection).findOne();

  /** The lease of a program, whoever held it before. */
  async function takeLease(holder = 'test', program = coupons.name): Promise<LeaseWork> {
    const name = `program:${program}`;
    const first = await tryAcquire(db, clock, name, holder, 0, null);
    if (!first.held) throw new Error('a lease of no term can always be taken');
    return leaseWork(first.held);
  }

  /** An ingest whose chain is the given list; `asked` collects what was fetched. */
  function ingestOf(
    landed: ReadonlyMap<string, HistoryTransaction>,
    asked: string[] = [],
    module = coupons,
    projectorHere: () => Projector | null = () => null,
  ): Ingest {
    const fetchTransaction: FetchTransaction = (signature) => {
      asked.push(signature);
      const transaction = landed.get(signature);
      return Promise.resolve(
        transaction
          ? { kind: 'found', raw: renderTransaction(transaction) }
          : { kind: 'unavailable', reason: 'unknown-here' },
      );
    };
    const hooks = {
      applyNew: async (records: readonly LedgerRecord[]) => projectorHere()?.applyNew(records) ?? [],
      onInserted: () => {},
      onUndecodable: () => {},
    };
    return new Ingest({ db, clock, fetchTransaction, finalityDelayMs: 0, ...hooks }, module, couponsCodec);
  }

  function projectorOf(
    work: LeaseWork,
    options: {
      readonly module?: DomainModule;
      readonly batchSize?: number;
      readonly applied?: LedgerRecord[];
      readonly failed?: FailedRecord[];
      readonly appliesUpTo?: AppliesUpTo;
    } = {},
  ): Projector {
    const { module = coupons, batchSize = 500, applied = [], failed = [], appliesUpTo } = options;
    return new Projector(
      {
        ...{ db, clock, random: () => 0, log: silent, retry: noBackoff, batchSize },
        ...(appliesUpTo ? { appliesUpTo } : {}),
        onApplied: (_, records) => applied.push(...records),
        onFailed: (_, records) => failed.push(...records),
      },
      module,
      work,
    );
  }

  /** Applies until nothing is due. */
  async function drain(projector: Projector): Promise<void> {
    while ((await projector.pass()) > 0);
  }

  /** Owned and settled fields of what is there, tombstones left out. */
  async function documents(module: DomainModule = coupons): Promise<Documents> {
    const all: Documents = {};
    for (const model of module.models) {
      const key = model.kind === 'state' ? model.keyField : '_id';
      const owned = { ...model.fields, ...(model.kind === 'state' ? model.settled : {}) };
      const stored = await db
        .collection(model.collection)
        .find({ '_mooring.closed': { $ne: true } })
        .toArray();
      all[model.collection] = Object.fromEntries(
        stored.map((document) => [
          String(document[key]),
          Object.fromEntries(
            Object.keys(owned)
              .filter((name) => name in document)
              .map((name) => [name, fromStored(document[name]) as FieldValue]),
          ),
        ]),
      );
    }
    return all;
  }

  async function records(filter: mongo.Document = {}): Promise<LedgerRecord[]> {
    const stored = await db.collection('ledger_events').find(filter).toArray();
    return stored.map((record) => fromStored({ ...record, _id: String(record._id) }) as LedgerRecord);
  }

  return {
    ...store,
    ...{ takeLease, ingestOf, projectorOf, drain, documents, records },
  };
}

/** By signature: what a fake chain holds. */
export function bySignature(transactions: readonly HistoryTransaction[]): Map<string, HistoryTransaction> {
  return new Map(transactions.map((transaction) => [transaction.signature, transaction]));
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
