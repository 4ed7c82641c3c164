import type { mongo } from 'mongoose';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { FactModel, StateModel } from '../domain-kit/model.js';
import type { SettledDocument } from '../domain-kit/settle.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { touchLease, type HeldLease } from '../leases/lease.js';
import type { Clock } from '../lib/clock.js';
import { ledgerEvents, recordFrom } from '../ledger/ledger-collections.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { correctTouches, markFailing, setDecoded } from '../ledger/mark-records.js';
import { readTouched } from '../ledger/read-records.js';
import { setProjectedVersion } from '../ledger/projection-version.js';
import { stepReplay, SWAPPING, type Replay, type ReplayPhase, type ReplayStep } from '../ledger/replay-request.js';
import { MongoProjection } from '../pipeline/mongo-projection.js';
import { isChanged, project, type HandledWrites } from '../pipeline/project.js';
import { runHandler, touchesOf } from '../pipeline/run-handler.js';
import {
  dequeue,
  DOCUMENT_TRIES,
  enqueue,
  nextInQueue,
  noteQueueFailure,
  type QueuedDocument,
} from './replay-queue.js';
import { readAppliedPage, readPageAnew } from './replay-reading.js';

/** What a bite of a replay works with. */
export interface ReplayBench {
  readonly db: mongo.Db;
  /** The database as the projections are written to: the same, or a view of it with shadow collections. */
  readonly target: mongo.Db;
  readonly clock: Clock;
  readonly lease: HeldLease;
  readonly module: DomainModule;
  readonly codec: ProgramCodec;
  readonly replay: Replay;
}

/** Runs one transaction of a replay under the lease: its work and how far it has come commit together (I2, I8). */
async function bite(
  { db, clock, lease, replay }: ReplayBench,
  work: (session: mongo.ClientSession) => Promise<ReplayStep>,
): Promise<void> {
  await inLeaseTransaction(db, lease, async (session) => {
    const step = await work(session);
    await stepReplay(db, session, replay, step, new Date(clock.now()));
    await touchLease(db, lease, session);
  });
}

/** Moves on to the next phase; after the last one the replay is done. */
export async function endPhase(bench: ReplayBench): Promise<void> {
  const { db, clock, module, replay } = bench;
  const next = phaseAfter(replay);
  await bite(bench, async (session) => {
    if (next !== null) return { phase: next, cursor: null };
    // Documents that no record since `fromSlot` touched are as another version made them.
    if (replay.fromSlot === null) await setProjectedVersion(db, session, module.name, replay.version);
    return { state: 'done', cursor: null, finishedAt: new Date(clock.now()) };
  });
}

/** The phase after this one; null after the last. */
export function phaseAfter({
  phase,
  fromSlot,
  shadow,
}: Pick<Replay, 'phase' | 'fromSlot' | 'shadow'>): ReplayPhase | null {
  switch (phase) {
    case 'records':
      return 'documents';
    case 'documents':
      // A part of the history tells nothing of what no record makes, and what is built anew has no leftovers.
      return fromSlot === null && !shadow ? 'leftovers' : 'settle';
    case 'leftovers':
      return 'settle';
    case 'settle':
      return shadow ? 'swap' : null;
    case 'swap':
      return null;
  }
}

/**
 * A page of records: their facts as the handlers of today make them, what they touch, and the documents to fold anew.
 * A record whose handler fails now becomes dead, and its writes go; so does the one that a collection refuses, with
 * `refusal` as its error. Returns how many records there were.
 */
export async function biteRecords(bench: ReplayBench, limit: number, refusal: string | null = null): Promise<number> {
  const { db, target, module, codec, replay } = bench;
  const page = await readAppliedPage(db, replay, limit);
  const last = page.at(-1);
  if (!last) return 0;
  const willing = readPageAnew(module, codec, page);
  const refused = refusal === null ? [] : willing.handled.map(({ record }) => ({ record, error: refusal }));
  const read = refusal === null ? willing : { ...willing, handled: [], failing: [...willing.failing, ...refused] };
  const problems = [...read.strangers].map(
    (name) => `${name}: records touched it, but the module has no such collection any more; drop it yourself`,
  );
  const known = new Set(replay.problems);
  await bite(bench, async (session) => {
    await setDecoded(db, session, read.decodedAnew);
    await markFailing(db, session, read.failing);
    await correctTouches(db, session, correctionsOf(read.handled));
    const removed = await replayFacts(new MongoProjection(target, session), module, page, read.handled);
    await enqueue(db, session, module.name, read.touches);
    return {
      cursor: [last.slot, last._id],
      problems: problems.filter((one) => !known.has(one)),
      counts: {
        ...{ records: page.length, dead: read.failing.length, decoded: read.decodedAnew.length },
        removed,
      },
    };
  });
  return page.length;
}

/** Touches of a page's records where the handlers of today say otherwise. */
function correctionsOf(handled: readonly HandledWrites[]): { id: string; touches: readonly string[] }[] {
  return handled.flatMap(({ record, writes }) => {
    const touches = touchesOf(writes);
    const isSame = touches.length === record.touches.length && touches.every((touch) => record.touches.includes(touch));
    return isSame ? [] : [{ id: record._id, touches }];
  });
}

/** Writes the facts of a page's records and removes those they make no more. Returns how many were removed. */
async function replayFacts(
  projection: MongoProjection,
  module: DomainModule,
  page: readonly LedgerRecord[],
  handled: readonly HandledWrites[],
): Promise<number> {
  const stale = new Set<string>();
  for (const model of module.models) {
    if (model.kind !== 'fact') continue;
    const made = new Set(
      handled.flatMap(({ writes }) =>
        writes.filter((write) => write.kind === 'fact' && write.model.collection === model.collection).map(keyOf),
      ),
    );
    const standing = await projection.facts(
      model,
      page.map(({ _id }) => _id),
    );
    for (const id of standing.keys()) if (!made.has(id)) stale.add(id);
  }
  const facts = handled.map(({ record, writes }): HandledWrites => ({
    record,
    writes: writes.filter(({ kind }) => kind === 'fact'),
  }));
  // Without their touches: documents are folded later, each once.
  const gone = page.filter(({ _id }) => stale.has(_id)).map((record): LedgerRecord => ({ ...record, touches: [] }));
  await project(projection, module, facts, gone);
  return stale.size;
}

function keyOf({ key }: { readonly key: string }): string {
  return key;
}

/** History as the handlers of today can read it; what they cannot is collected. */
class ReadableHistory extends MongoProjection {
  readonly failing: { record: LedgerRecord; error: string }[] = [];

  constructor(
    db: mongo.Db,
    session: mongo.ClientSession,
    private readonly module: DomainModule,
  ) {
    super(db, session);
  }

  override async history(touches: readonly string[]): Promise<LedgerRecord[]> {
    const records = await super.history(touches);
    return records.filter((record) => {
      const outcome = runHandler(this.module, record);
      if (!outcome.ok) this.failing.push({ record, error: outcome.error });
      return outcome.ok;
    });
  }
}

/** Begins a queue entry that names a record whose facts are to be made anew, instead of a document. */
export const FACTS_OF = '@';

async function factsOfRecords(
  { db, target, module, codec }: ReplayBench,
  session: mongo.ClientSession,
  ids: readonly string[],
): Promise<void> {
  const stored = await ledgerEvents(db)
    .find({ _id: { $in: [...ids] }, state: 'applied' }, { session })
    .toArray();
  const { handled } = readPageAnew(module, codec, stored.map(recordFrom));
  // Of those that are applied no more only the id is needed, to take their facts out.
  const page = ids.map((_id) => ({ _id, touches: [] as readonly string[] }) as LedgerRecord);
  await replayFacts(new MongoProjection(target, session), module, page, handled);
}

/** The queued documents that come next, folded anew. Returns how many. */
export async function biteDocuments(bench: ReplayBench, limit: number): Promise<number> {
  const { db, target, module } = bench;
  const items = await nextInQueue(db, module.name, limit);
  if (items.length === 0) return 0;
  const queued = items.map(({ touch }) => touch);
  const touches = queued.filter((touch) => !touch.startsWith(FACTS_OF));
  const records = queued.filter((touch) => touch.startsWith(FACTS_OF)).map((touch) => touch.slice(FACTS_OF.length));
  await bite(bench, async (session) => {
    if (records.length > 0) await factsOfRecords(bench, session, records);
    const projection = new ReadableHistory(target, session, module);
    await project(projection, module, [], [], touches);
    await markFailing(db, session, projection.failing);
    await dequeue(db, session, module.name, queued);
    // Of records from before the slot of the replay: their other documents have to do without them too.
    const others = projection.failing.flatMap(({ record }) => record.touches);
    await enqueue(db, session, module.name, new Set(others.filter((touch) => !touches.includes(touch))));
    return { counts: { documents: items.length, dead: projection.failing.length } };
  });
  return items.length;
}

/** A document that refuses what it should hold waits until the others are done; after its last try it is left as it is. */
export async function setAside(bench: ReplayBench, { touch, failures }: QueuedDocument, error: string): Promise<void> {
  const { db, module } = bench;
  await bite(bench, async (session) => {
    await noteQueueFailure(db, session, module.name, touch);
    if (failures + 1 < DOCUMENT_TRIES) return {};
    return { problems: [`${touch} is as it was: ${error}`] };
  });
}

/** Facts and documents that no record makes any more. Returns how many were looked at. */
export async function biteLeftovers(bench: ReplayBench, limit: number): Promise<number> {
  const { db, module, replay } = bench;
  const [position, after] = (replay.cursor ?? [0]) as [number, string?];
  const model = module.models[position];
  if (!model) return 0;
  const keys = await ourKeysAfter(db, model, after, limit);
  const last = keys.at(-1);
  await bite(bench, async (session) => {
    const removed =
      keys.length === 0
        ? 0
        : model.kind === 'state'
          ? await removeStates(bench, session, model, keys)
          : await removeFacts(bench, session, model, keys);
    return { cursor: last === undefined ? [position + 1] : [position, last], counts: { removed } };
  });
  return 1;
}

/** The next keys of a collection, in their order, that may be ours: a state's by our mark, facts' are told by their ids. */
async function ourKeysAfter(
  db: mongo.Db,
  model: StateModel | FactModel,
  after: string | undefined,
  limit: number,
): Promise<string[]> {
  const keyField = model.kind === 'state' ? model.keyField : '_id';
  const documents = await db
    .collection(model.collection)
    .find(
      {
        [keyField]: after === undefined ? { $exists: true } : { $gt: after },
        ...(model.kind === 'state' ? { '_mooring.at': { $exists: true } } : {}),
      } as mongo.Filter<mongo.Document>,
      { projection: { [keyField]: 1 } },
    )
    .sort({ [keyField]: 1 })
    .limit(limit)
    .toArray();
  return documents.map((document) => String(document[keyField]));
}

async function removeStates(
  { db, module }: ReplayBench,
  session: mongo.ClientSession,
  model: StateModel,
  keys: readonly string[],
): Promise<number> {
  const touches = keys.map((key) => touchOf(model.collection, key));
  const touched = await readTouched(db, touches, session);
  const gone = touches.filter((touch) => !touched.has(touch));
  if (gone.length > 0) await project(new MongoProjection(db, session), module, [], [], gone);
  return gone.length;
}

/** The id of an event: a document with another one in a collection of facts was not made by us. */
const EVENT_ID = /^[^/]+\/(log|cpi)\/\d+$/;

async function removeFacts(
  { db, module }: ReplayBench,
  session: mongo.ClientSession,
  model: FactModel,
  keys: readonly string[],
): Promise<number> {
  const ours = keys.filter((key) => EVENT_ID.test(key));
  const there = await ledgerEvents(db)
    .find({ _id: { $in: ours }, state: 'applied' }, { session, projection: { _id: 1 } })
    .toArray();
  const known = new Set(there.map(({ _id }) => _id));
  const gone = ours.filter((key) => !known.has(key));
  if (gone.length > 0) {
    const orphans = gone.map((id) => ({ _id: id, touches: [] as readonly string[] }) as LedgerRecord);
    await project(new MongoProjection(db, session), { ...module, models: [model] }, [], orphans);
  }
  return gone.length;
}

/** Results across documents, computed anew. Returns how many documents were looked at. */
export async function biteSettled(bench: ReplayBench, limit: number): Promise<number> {
  const { target, module, replay } = bench;
  const [position, after] = (replay.cursor ?? [0]) as [number, string?];
  const step = module.settle[position];
  if (!step) return 0;
  const keys = await ourKeysAfter(target, step.into, after, limit);
  const last = keys.at(-1);
  await bite(bench, async (session) => {
    if (last === undefined) return { cursor: [position + 1] };
    const projection = new MongoProjection(target, session);
    const standing = await projection.results(step.into, keys);
    const answers = await projection.answers(
      step.watch,
      new Map([...standing.keys()].map((key) => [key, step.query(key)])),
    );
    const changed = new Map<string, SettledDocument>();
    for (const [key, before] of standing) {
      const result = step.compute(answers.get(key) ?? [], key, before.fields);
      if (isChanged(before.results, result)) changed.set(key, result);
    }
    await projection.setResults(step.into, changed);
    return { cursor: [position, last], counts: { settled: changed.size } };
  });
  return 1;
}

/** Notes where the shadows are built, before there are any: those of another name are nobody's. */
export async function noteShadows(bench: ReplayBench, shadowSuffix: string): Promise<void> {
  await bite(bench, () => Promise.resolve({ shadowSuffix }));
}

/** Notes that from now on nothing may be projected until the collections are exchanged, whoever does it. */
export async function beginSwap(bench: ReplayBench): Promise<void> {
  const collections = bench.module.models.map(({ collection }) => collection);
  await bite(bench, () => Promise.resolve({ cursor: [SWAPPING, ...collections] }));
}
