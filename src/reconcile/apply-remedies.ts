import type { mongo } from 'mongoose';
import type { AccountInfo } from '../chain/chain-port.js';
import { confirmAbsence } from '../chain/confirm-absence.js';
import type { ProgramCodec } from '../decoding/types.js';
import { doesCount, keyFieldOf, markOf, type OrphanMark } from '../domain-kit/document-mark.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Model } from '../domain-kit/model.js';
import type { SettledDocument } from '../domain-kit/settle.js';
import { DUPLICATE_KEY } from '../lib/duplicate-key.js';
import { fromStored, toStored } from '../lib/stored-value.js';
import { ledgerEvents, recordFrom, storedRecord } from '../ledger/ledger-collections.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { reviveDead } from '../ledger/mark-records.js';
import { slotOfOrderKey } from '../ledger/order-key.js';
import { requestRepairs, type Repair } from '../ledger/repair-queue.js';
import { observeAccount } from '../pipeline/observe-account.js';
import { wakeHolder } from '../pipeline/wake-signal.js';
import { isOf } from './account-reading.js';
import type { Judged } from './judge-doubts.js';
import { knownEvents, type OrphanWitness } from './known-events.js';
import { remediesFor } from './remedies.js';

/** Documents per transaction. */
const BATCH = 200;
/** Two processes may observe one account at one slot: the second one's transaction is made once more. */
const TRIES = 3;

export interface RemedyDependencies {
  readonly db: mongo.Db;
  readonly clock: { now(): number };
  /** Every endpoint alone: what is gone for one of them has to be gone for another (I5). */
  readonly members: readonly OrphanWitness[];
  /** Runs the writes in one transaction: of the reconcile lease where there is one (I8). */
  readonly commit: (body: (session: mongo.ClientSession) => Promise<void>) => Promise<void>;
  /** Id of the run, for the marks. */
  readonly run: string;
  /** Whether the whole history was looked at: only then does an event that the ledger lacks not exist. */
  readonly mayMarkFacts: boolean;
}

/** What was done about judged documents. */
export interface RemediesApplied {
  /** Those that are now to be put right by the lease holder. */
  readonly asked: readonly Judged[];
  readonly marked: readonly Judged[];
  /** Orphans that no second look confirmed, or that changed meanwhile: left as they are. */
  readonly unconfirmed: readonly Judged[];
}

/**
 * Has wrong documents put right: accounts go into the ledger as observations, what must be rebuilt is asked for, and the
 * holder of the program's lease does both in its turn. Orphans are marked, once a second look (and a second endpoint,
 * where there is one) confirms at finalized that they have no account.
 */
export async function applyRemedies(
  dependencies: RemedyDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  judged: readonly Judged[],
): Promise<RemediesApplied> {
  const [asked, marked, unconfirmed]: [Judged[], Judged[], Judged[]] = [[], [], []];
  const wrong = judged.filter((one) => remediesFor(one).length > 0);
  for (let start = 0; start < wrong.length; start += BATCH) {
    const batch = wrong.slice(start, start + BATCH);
    const gone = await confirmGone(dependencies, module, codec, batch);
    const isOrphan = (one: Judged) => remediesFor(one).includes('mark');
    const [orphans, rest] = split(batch, isOrphan);
    const unmade = await madeByNothing(
      dependencies,
      orphans.filter((one) => !needsConfirmation(one)),
    );
    const isSure = (one: Judged) => (needsConfirmation(one) ? gone.has(one) : !isOrphan(one) || unmade.has(one));
    const contradicted = await contradictedAccounts(dependencies, codec, batch);
    const [disputed, others] = split(rest, ({ key }) => contradicted.has(key));
    const [sureOrphans, doubtful] = split(orphans, isSure);
    const observed = await observationsOf(dependencies, module, codec, others.filter(isSure));
    const repairs = others.flatMap(repairsOf);
    let done: readonly Judged[] = [];
    await withRetries(() =>
      dependencies.commit(async (session) => {
        await insertObservations(dependencies.db, session, observed);
        done = await markOrphans(dependencies, session, module, sureOrphans);
        await requestRepairs(dependencies.db, module.name, repairs, session);
      }),
    );
    asked.push(...others);
    marked.push(...done);
    unconfirmed.push(...disputed, ...doubtful, ...sureOrphans.filter((one) => !done.includes(one)));
    if (observed.length > 0) await wakeHolder(dependencies.db, module.name);
  }
  return { asked, marked, unconfirmed };
}

/** Whether it rests on an account's absence. */
function needsConfirmation({ reading }: Judged): boolean {
  return reading !== null && reading.write === null;
}

async function confirmGone(
  { members }: RemedyDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  batch: readonly Judged[],
): Promise<ReadonlySet<Judged>> {
  const absent = batch.filter(needsConfirmation);
  const slot = Math.max(0, ...absent.map(({ reading }) => reading?.slot ?? 0));
  const gone = new Set<Judged>();
  for (const model of new Set(absent.map((one) => one.model))) {
    const ofModel = absent.filter((one) => one.model === model);
    const addresses = [...new Set(ofModel.map(({ key }) => key))];
    const confirmed = await confirmAbsence(members, isOf(module, codec, model, slot), addresses, slot);
    for (const one of ofModel) if (confirmed.has(one.key)) gone.add(one);
  }
  return gone;
}

/**
 * Of orphans that do not rest on an account's absence, those that nothing on chain makes. Of a fact: the whole history was
 * looked at, the ledger has no record of it but one that a fork dropped, and no endpoint knows its transaction, for the list
 * of one may have left it out (I5).
 */
async function madeByNothing(
  { db, members, mayMarkFacts }: RemedyDependencies,
  orphans: readonly Judged[],
): Promise<ReadonlySet<Judged>> {
  const facts = orphans.filter(({ model }) => model.kind === 'fact');
  const unmade = new Set(mayMarkFacts ? orphans.filter(({ model }) => model.kind !== 'fact') : []);
  if (!mayMarkFacts || facts.length === 0) return unmade;
  const keys = facts.map(({ key }) => key);
  const records = await ledgerEvents(db)
    .find({ _id: { $in: keys } }, { projection: { state: 1 } })
    .toArray();
  const recorded = new Set(records.filter(({ state }) => state !== 'orphaned').map(({ _id }) => _id));
  const isKnown = await knownEvents(members, keys);
  for (const one of facts) if (!recorded.has(one.key) && !isKnown(one.key)) unmade.add(one);
  return unmade;
}

/**
 * Accounts that are to be observed and of which another endpoint says something else at the same slot or later: one of the
 * two is wrong, or it is changing. One that cannot be asked contradicts nobody.
 */
async function contradictedAccounts(
  { members }: RemedyDependencies,
  codec: ProgramCodec,
  batch: readonly Judged[],
): Promise<ReadonlySet<string>> {
  const contradicted = new Set<string>();
  const observed = batch.filter((one) => one.reading?.info && remediesFor(one).includes('observe'));
  if (observed.length === 0 || members.length < 2) return contradicted;
  const keys = observed.map(({ key }) => key);
  const slot = observed.reduce((newest, { reading }) => Math.max(newest, reading?.slot ?? 0), 0);
  const answers = await Promise.allSettled(members.map(({ chain }) => chain.accounts(keys, 'finalized', slot)));
  for (const [position, { key, reading }] of observed.entries()) {
    const isSame = (account: AccountInfo | null | undefined) =>
      account?.owner === codec.programId && Buffer.compare(account.data, reading?.info?.data ?? new Uint8Array()) === 0;
    const says = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.accounts[position]] : []));
    if (!says.every(isSame)) contradicted.add(key);
  }
  return contradicted;
}

async function observationsOf(
  { db, clock }: RemedyDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  judged: readonly Judged[],
): Promise<LedgerRecord[]> {
  const records: LedgerRecord[] = [];
  for (const one of judged) {
    const { key, reading } = one;
    if (reading === null || !remediesFor(one).includes('observe')) continue;
    const record = await observeAccount(db, module, codec, key, reading.info, reading.slot, new Date(clock.now()));
    if (record) records.push(record);
  }
  return records;
}

/**
 * Inserts observations that are not there. One that waits is not joined by others that say the same at each pass, and one
 * that was refused is tried once more instead: what was in its way may be gone.
 */
async function insertObservations(
  db: mongo.Db,
  session: mongo.ClientSession,
  records: readonly LedgerRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const touches = records.flatMap((record) => record.touches);
  const standing = await ledgerEvents(db)
    .find({ touches: { $in: touches }, kind: 'observation', state: { $in: ['received', 'dead'] } }, { session })
    .toArray();
  const same = await ledgerEvents(db)
    .find({ _id: { $in: records.map(({ _id }) => _id) } }, { session, projection: { _id: 1 } })
    .toArray();
  const ids = new Set(same.map(({ _id }) => _id));
  const waiting = standing.map(recordFrom);
  const says = (one: LedgerRecord, other: LedgerRecord) =>
    one.touches.some((touch) => other.touches.includes(touch)) && Buffer.compare(one.raw, other.raw) === 0;
  const fresh = records.filter((record) => !ids.has(record._id) && !waiting.some((other) => says(record, other)));
  const refused = waiting.filter((other) => other.state === 'dead' && records.some((record) => says(record, other)));
  await reviveDead(
    db,
    refused.map(({ _id }) => _id),
    session,
  );
  if (fresh.length > 0) await ledgerEvents(db).insertMany(fresh.map(storedRecord), { session });
}

function repairsOf(one: Judged): Repair[] {
  const { model, key } = one;
  const kinds = { refold: 'document', rewrite: 'fact', resettle: 'result' } as const;
  return remediesFor(one).flatMap((remedy) =>
    remedy in kinds ? [{ kind: kinds[remedy as keyof typeof kinds], collection: model.collection, key }] : [],
  );
}

/** Marks those that are still as they were judged; a document that something newer wrote to meanwhile is none any more. */
async function markOrphans(
  { db, clock, run }: RemedyDependencies,
  session: mongo.ClientSession,
  module: DomainModule,
  orphans: readonly Judged[],
): Promise<Judged[]> {
  const marked: Judged[] = [];
  const results: Repair[] = [];
  for (const one of orphans) {
    const { model, key, reading } = one;
    const collection = db.collection(model.collection);
    const filter = { [keyFieldOf(model)]: key } as mongo.Filter<mongo.Document>;
    const stored = await collection.findOne(filter, { session });
    if (!stored || !doesCount(stored)) continue;
    const mark = markOf(stored);
    const isNewer = reading && typeof mark.at === 'string' && slotOfOrderKey(mark.at) > reading.slot;
    // Where no record touches it, somebody made that up.
    if (isNewer && (await isTouched(db, session, touchOf(model.collection, key)))) continue;
    const orphaned: OrphanMark = {
      ...{ since: new Date(clock.now()), slot: reading?.slot ?? 0, run },
      reason: reading ? 'no-account' : 'no-event',
    };
    // As a whole: somebody may have put something else in its place, into which nothing can be set.
    await collection.updateOne(filter, { $set: { _mooring: { ...mark, orphaned: toStored(orphaned) } } }, { session });
    marked.push(one);
    results.push(...resultsDecidedBy(module, model, stored));
  }
  await requestRepairs(db, module.name, results, session);
  return marked;
}

async function isTouched(db: mongo.Db, session: mongo.ClientSession, touch: string): Promise<boolean> {
  const record = await ledgerEvents(db).findOne(
    { touches: touch, state: 'applied' },
    { session, projection: { _id: 1 } },
  );
  return record !== null;
}

/** The results that a document decides over: computed anew without it. */
export function resultsDecidedBy(module: DomainModule, model: Model, stored: mongo.Document): Repair[] {
  const fields = fromStored(Object.fromEntries(namesOf(model).map((name) => [name, stored[name] as unknown])));
  return module.settle.flatMap((step): Repair[] => {
    if (step.watch.collection !== model.collection) return [];
    const key = step.key(fields as SettledDocument) as string | null | undefined;
    return typeof key === 'string' ? [{ kind: 'result', collection: step.into.collection, key }] : [];
  });
}

/** Own fields, and results: those of an earlier step may decide over a later one. */
function namesOf(model: Model): string[] {
  return [...Object.keys(model.fields), ...Object.keys(model.kind === 'state' ? model.settled : {})];
}

function split<T>(items: readonly T[], is: (item: T) => boolean): [T[], T[]] {
  return [items.filter(is), items.filter((item) => !is(item))];
}

async function withRetries(work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (tries >= TRIES || (error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
    }
  }
}
