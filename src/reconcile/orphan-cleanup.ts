import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import { confirmAbsence, ownedBy, type IsThere } from '../chain/confirm-absence.js';
import type { ProgramCodec } from '../decoding/types.js';
import { isAddress } from '../domain-kit/command-fields.js';
import { keyFieldOf, markOf, THAT_ARE_ORPHANED, type OrphanMark } from '../domain-kit/document-mark.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Model } from '../domain-kit/model.js';
import type { Clock } from '../lib/clock.js';
import { DUPLICATE_KEY } from '../lib/duplicate-key.js';
import { ledgerEvents, storedRecord } from '../ledger/ledger-collections.js';
import { touchOf } from '../ledger/ledger-record.js';
import { readTouching } from '../ledger/read-records.js';
import { requestRepairs } from '../ledger/repair-queue.js';
import { isOneDocumentsFault } from '../pipeline/apply-received.js';
import { foldDocuments } from '../pipeline/fold-documents.js';
import { observeAccount } from '../pipeline/observe-account.js';
import { wakeHolder } from '../pipeline/wake-signal.js';
import { inTransaction } from '../store/transactions.js';
import { isOf } from './account-reading.js';
import { hasTwin } from './duplicate-documents.js';
import { knownEvents, type OrphanWitness } from './known-events.js';

/** Where removed documents are kept, whole. */
export const ORPHAN_ARCHIVE = 'orphaned_documents';
/** Documents confirmed by one request. */
const BATCH = 100;

export interface CleanupDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly chain: Pick<ChainPort, 'slot'>;
  readonly members: readonly OrphanWitness[];
  readonly signal?: AbortSignal;
}

export interface CleanupOptions {
  /** Only what has been marked for so long, in milliseconds. */
  readonly graceMs: number;
  /** False: nothing is written. */
  readonly apply: boolean;
  /** Who asked, for the archive. */
  readonly by: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** One orphan and what became of it, or would. */
export interface CleanedOrphan {
  readonly program: string;
  readonly collection: string;
  /** Its address or event id; of a duplicate the address that another document has as well. */
  readonly key: string;
  /** Its `_id`, as text. */
  readonly id: string;
  readonly since: Date;
  readonly reason: OrphanMark['reason'];
  /**
   * removed: archived and gone (with `apply` false: it would be). in-grace: not marked for long enough. alive: it has an
   * account, or an event, after all: it stays, and whoever projects, or the next reconcile pass, brings it back.
   * unconfirmed: the endpoints do not agree, or it changed meanwhile.
   */
  readonly outcome: 'removed' | 'in-grace' | 'alive' | 'unconfirmed';
}

interface Orphan {
  readonly model: Model;
  readonly id: unknown;
  readonly key: string;
  readonly mark: OrphanMark;
}

/**
 * Removes documents that were marked as orphaned, each after another look at the chain, and keeps them in an archive. The
 * ledger learns of the end of those it knows. What is marked no more, because something newer was written to it, stays.
 * @throws RpcError
 */
export async function cleanupOrphans(
  dependencies: CleanupDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  options: CleanupOptions,
): Promise<CleanedOrphan[]> {
  const { clock, chain, signal } = dependencies;
  const orphans = await readOrphans(dependencies.db, module);
  const cleaned: CleanedOrphan[] = [];
  const ripe: Orphan[] = [];
  const report = ({ model, id, key, mark }: Orphan, outcome: CleanedOrphan['outcome']) => {
    const { since, reason } = mark;
    cleaned.push({ program: module.name, collection: model.collection, key, id: String(id), since, reason, outcome });
  };
  for (const orphan of orphans) {
    // Without a grace also what a process marked whose clock was ahead.
    const isInGrace = options.graceMs > 0 && clock.now() - orphan.mark.since.getTime() < options.graceMs;
    if (isInGrace) report(orphan, 'in-grace');
    else ripe.push(orphan);
  }
  const slot = ripe.length > 0 ? await chain.slot('finalized') : 0;
  for (let start = 0; start < ripe.length && !signal?.aborted; start += BATCH) {
    const batch = ripe.slice(start, start + BATCH);
    const verdicts = await judge(dependencies, module, codec, batch, slot);
    for (const orphan of batch) {
      const verdict = verdicts.get(orphan) ?? 'unconfirmed';
      if (verdict !== 'removed' || !options.apply) {
        if (verdict === 'alive' && options.apply) await revive(dependencies, module, orphan);
        report(orphan, verdict);
        continue;
      }
      report(orphan, (await remove(dependencies, module, codec, orphan, slot, options.by)) ? 'removed' : 'unconfirmed');
    }
    options.onProgress?.(Math.min(start + BATCH, ripe.length), ripe.length);
  }
  if (options.apply) await wakeHolder(dependencies.db, module.name);
  return cleaned;
}

async function readOrphans(db: mongo.Db, module: DomainModule): Promise<Orphan[]> {
  const orphans: Orphan[] = [];
  for (const model of module.models) {
    const keyField = keyFieldOf(model);
    const marked = db
      .collection(model.collection)
      .find(THAT_ARE_ORPHANED, { projection: { [keyField]: 1, _mooring: 1 } });
    for await (const document of marked) {
      const { orphaned } = markOf(document);
      // Without an address it is named by its id.
      const key = typeof document[keyField] === 'string' ? document[keyField] : String(document._id);
      // One that somebody wrote by hand is not ours to act on; reconcile looks at it again.
      if (orphaned?.since instanceof Date) orphans.push({ model, id: document._id, key, mark: orphaned });
    }
  }
  return orphans;
}

async function judge(
  { db, members }: CleanupDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  batch: readonly Orphan[],
  slot: number,
): Promise<Map<Orphan, CleanedOrphan['outcome']>> {
  const verdicts = new Map<Orphan, CleanedOrphan['outcome']>();
  const having = (reason: OrphanMark['reason']) => batch.filter((orphan) => reasonOf(orphan) === reason);
  const byAccount = having('no-account');
  for (const model of new Set(byAccount.map((orphan) => orphan.model))) {
    const orphans = byAccount.filter((orphan) => orphan.model === model);
    const keys = [...new Set(orphans.map(({ key }) => key))];
    const isThere = isOf(module, codec, model, slot);
    const gone = await confirmAbsence(members, isThere, keys, slot);
    const stillThere = new Set(await presentAccounts(members, isThere, keys, gone));
    for (const orphan of orphans) {
      verdicts.set(orphan, gone.has(orphan.key) ? 'removed' : stillThere.has(orphan.key) ? 'alive' : 'unconfirmed');
    }
  }
  const facts = having('no-event');
  const keys = facts.map(({ key }) => key);
  const events = await ledgerEvents(db)
    .find({ _id: { $in: keys }, state: 'applied' }, { projection: { _id: 1 } })
    .toArray();
  const applied = new Set(events.map(({ _id }) => _id));
  const isKnown = await knownEvents(members, keys);
  for (const orphan of facts) {
    if (applied.has(orphan.key)) verdicts.set(orphan, 'alive');
    // The ledger may have lost it: a complete reconcile brings it back.
    else verdicts.set(orphan, isKnown(orphan.key) ? 'unconfirmed' : 'removed');
  }
  for (const orphan of having('no-address')) verdicts.set(orphan, 'removed');
  for (const orphan of having('duplicate')) {
    const mayGo = await hasTwin(db, orphan.model, orphan.key, orphan.id);
    verdicts.set(orphan, mayGo ? 'removed' : 'unconfirmed');
  }
  return verdicts;
}

/** What decides over an orphan as it is now: its mark may say otherwise, by somebody's hand or from before a change. */
function reasonOf({ model, key, mark }: Orphan): OrphanMark['reason'] {
  if (model.kind === 'fact') return 'no-event';
  if (!isAddress(key)) return 'no-address';
  return mark.reason === 'duplicate' && model.keyField !== '_id' ? 'duplicate' : 'no-account';
}

/** Of those that are not gone for certain, those that somebody has: the others are unknown. */
async function presentAccounts(
  members: readonly OrphanWitness[],
  isThere: IsThere,
  keys: readonly string[],
  gone: ReadonlySet<string>,
): Promise<string[]> {
  const open = keys.filter((key) => !gone.has(key));
  if (open.length === 0) return [];
  const answers = await Promise.allSettled(members.map(({ chain }) => chain.accounts(open, 'finalized')));
  return open.filter((key, position) =>
    answers.some((answer) => answer.status === 'fulfilled' && isThere(answer.value.accounts[position] ?? null, key)),
  );
}

/**
 * It is no orphan: whoever projects writes it anew from its records, which takes the mark away. One without records keeps
 * its mark, for nothing says yet what it should hold: the next reconcile pass looks at every mark, and observes the account.
 */
async function revive({ db }: CleanupDependencies, module: DomainModule, { model, key }: Orphan): Promise<void> {
  const kind = model.kind === 'fact' ? 'fact' : 'document';
  if (kind === 'document' && (await readTouching(db, [touchOf(model.collection, key)])).length === 0) return;
  await requestRepairs(db, module.name, [{ kind, collection: model.collection, key }]);
}

/** False: it is not marked any more, or is another document by now. */
async function remove(
  dependencies: CleanupDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  orphan: Orphan,
  slot: number,
  by: string,
): Promise<boolean> {
  const { db, clock } = dependencies;
  const { model, id, key, mark } = orphan;
  const end = await endOf(dependencies, module, codec, orphan, slot, new Date(clock.now()));
  const collection = db.collection(model.collection);
  const isMarked = { _id: id, '_mooring.orphaned.run': mark.run } as mongo.Filter<mongo.Document>;
  try {
    return await inTransaction(db.client, async (session) => {
      const document = await collection.findOne(isMarked, { session });
      if (!document) return false;
      await db.collection<{ _id: string } & mongo.Document>(ORPHAN_ARCHIVE).insertOne(
        {
          // One address may be orphaned, come back and be orphaned again.
          _id: `${model.collection}/${String(id)}/${mark.since.toISOString()}`,
          ...{ program: module.name, collection: model.collection, key, reason: mark.reason, since: mark.since },
          // Without its mark: put back as it stands here it is a document like any other.
          ...{ removedAt: new Date(clock.now()), removedBy: by, document: withoutMark(document) },
        },
        { session },
      );
      if (end) await ledgerEvents(db).insertOne(storedRecord(end), { session });
      await collection.deleteOne(isMarked, { session });
      return true;
    });
  } catch (error) {
    // Somebody observed the same account at the same slot, or it is too large to be archived: it stays, and holds up no other.
    if ((error as { code?: unknown }).code === DUPLICATE_KEY || isOneDocumentsFault(error)) return false;
    throw error;
  }
}

/** What tells the ledger that the account is gone, where its records lead to a document; null where they do not. */
async function endOf(
  { db, members }: CleanupDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  orphan: Orphan,
  slot: number,
  now: Date,
) {
  const { model, key } = orphan;
  if (reasonOf(orphan) !== 'no-account') return null;
  const touch = touchOf(model.collection, key);
  const folded = foldDocuments(module, new Set([touch]), await readTouching(db, [touch])).get(touch);
  if (!folded || folded.closed) return null;
  // Where an account of another type took its place, an absence would close that one's document.
  if (!(await confirmAbsence(members, ownedBy(codec.programId), [key], slot)).has(key)) return null;
  return observeAccount(db, module, codec, key, null, slot, now);
}

function withoutMark(document: mongo.Document): mongo.Document {
  const { orphaned, ...mark } = markOf(document);
  void orphaned;
  const rest = Object.fromEntries(Object.entries(document).filter(([name]) => name !== '_mooring'));
  return Object.keys(mark).length > 0 ? { ...rest, _mooring: mark } : rest;
}
