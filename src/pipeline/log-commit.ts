import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Push } from '../domain-kit/push.js';
import {
  appendCommit,
  versionOf,
  type CommitEntry,
  type CommittedDocument,
  type LeavingReason,
} from '../ledger/commit-log.js';
import type { HeldLease } from '../leases/lease.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { orderKey } from '../ledger/order-key.js';
import type { ChangedResult, HandledWrites } from './project.js';
import type { ProjectionTransaction } from './projection-transaction.js';

/** What a transaction did, for whoever is told of it. */
export interface Movement {
  /** Applied by it, as they stand in the ledger after it. */
  readonly entered: readonly HandledWrites[];
  /** Applied until it. */
  readonly left: readonly { readonly record: LedgerRecord; readonly reason: LeavingReason; readonly detail: string }[];
  readonly results: readonly ChangedResult[];
}

const everyEvent = new WeakSet<HeldLease>();

/** Has commits under this lease name all events of their module, whether it pushes them or not; or no longer. */
export function logEveryEvent(lease: HeldLease, isWanted: boolean): void {
  if (isWanted) everyEvent.add(lease);
  else everyEvent.delete(lease);
}

/**
 * Logs what clients are told of a commit, in its own transaction: so it is told if, and only if, the documents say it.
 * To be called after the documents are written. A module that pushes nothing costs nothing
 * while nobody else wants its events.
 */
export async function logCommit(
  db: mongo.Db,
  session: mongo.ClientSession,
  tx: Pick<ProjectionTransaction, 'results'>,
  module: DomainModule,
  movement: Movement,
  { lease, now }: { readonly lease: HeldLease; readonly now: Date },
): Promise<void> {
  const { push } = module;
  const isEveryEventTold = everyEvent.has(lease);
  if (push === null && !isEveryEventTold) return;
  const isTold = ({ kind, name }: LedgerRecord) =>
    kind === 'event' && (isEveryEventTold || (push !== null && Object.hasOwn(push.events, name)));
  const entry: CommitEntry = {
    entered: inChainOrder(movement.entered.filter(({ record }) => isTold(record))).map(versionOf),
    left: movement.left
      .filter(({ record }) => isTold(record))
      .map(({ record, reason, detail }) => ({ version: versionOf(record), reason, detail })),
    documents:
      push === null
        ? []
        : [
            ...(await afterCorrection(tx, push, movement.left)),
            ...movement.results.flatMap((result) => changedFor(push, result)),
          ],
  };
  if (entry.entered.length + entry.left.length + entry.documents.length === 0) return;
  await appendCommit(db, session, module.name, entry, now);
}

/** Within a slot the accounts' own counters decide, as they do in the documents. */
function inChainOrder(entered: readonly HandledWrites[]): LedgerRecord[] {
  const keyed = entered.map(({ record, writes }) => {
    const revisions = writes.map((write) => (write.kind === 'fact' ? 0n : write.revision));
    const highest = revisions.reduce((most, one) => (one > most ? one : most), 0n);
    return { record, at: orderKey(record, highest) };
  });
  return keyed.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0)).map(({ record }) => record);
}

async function afterCorrection(
  tx: Pick<ProjectionTransaction, 'results'>,
  push: Push,
  left: Movement['left'],
): Promise<CommittedDocument[]> {
  const touches = new Set(left.flatMap(({ record }) => record.touches));
  if (touches.size === 0) return [];
  const models = new Set(push.documents.filter(({ whenChanged }) => whenChanged === null).map(({ model }) => model));
  const told: CommittedDocument[] = [];
  for (const model of models) {
    const prefix = touchOf(model.collection, '');
    const keys = [...touches].filter((touch) => touch.startsWith(prefix)).map((touch) => touch.slice(prefix.length));
    const standing = await tx.results(model, keys);
    for (const key of keys) {
      const document = standing.get(key);
      const fields = document ? { ...document.fields, ...document.results } : null;
      told.push({ collection: model.collection, key, changed: null, fields });
    }
  }
  return told;
}

/** No result and a result of null are the same to whoever is told. */
function changedFor(push: Push, { model, key, before, after }: ChangedResult): CommittedDocument[] {
  const watched = push.documents.filter((one) => one.model.collection === model.collection);
  const fields = new Set(watched.flatMap(({ whenChanged }) => whenChanged ?? []));
  const changed = [...fields].filter((name) => (before[name] ?? null) !== (after[name] ?? null));
  return changed.length === 0 ? [] : [{ collection: model.collection, key, changed, fields: after }];
}
