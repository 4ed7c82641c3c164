import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { FieldValue } from '../domain-kit/field.js';
import type { FactModel, Model, StateModel } from '../domain-kit/model.js';
import { readFrontier, type Frontier } from '../ledger/frontier.js';
import { ledgerEvents, recordFrom, type StoredRecord } from '../ledger/ledger-collections.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { orderKey } from '../ledger/order-key.js';
import { foldSteps, inOrder, type Step } from '../pipeline/fold.js';
import { runHandler, stepOf } from '../pipeline/run-handler.js';
import { readDocumentsByKey } from './stored-documents.js';

type Values = Readonly<Record<string, FieldValue>>;

/** One record's effect on a document. */
export interface TrailEntry {
  /** Order key: where it stands in the document's history. */
  readonly at: string;
  readonly record: LedgerRecord;
  readonly effect: 'opened' | 'changed' | 'closed';
  /** Fields it changed; undefined = the field was not there. */
  readonly changes: ReadonlyMap<
    string,
    { readonly before: FieldValue | undefined; readonly after: FieldValue | undefined }
  >;
}

/** A document as of a slot, and what made it. */
export interface DocumentTrail {
  /** The fold at that slot; null where the account was not open (not yet, or closed), or the event not there. */
  readonly fields: Values | null;
  /** Of all entries in order, those of the page. */
  readonly entries: readonly TrailEntry[];
  readonly total: number;
  readonly hasMore: boolean;
  /** Versions that a fork dropped; the newest hundred. */
  readonly orphaned: readonly LedgerRecord[];
  /** Received, or dead: no part of the document yet; the newest hundred. */
  readonly waiting: readonly LedgerRecord[];
  /** Whether the collection has a document of this key now, by the ledger or not. */
  readonly stored: boolean;
  /** Between these slots nothing is missing. */
  readonly frontier: Frontier | null;
}

/** Which part of a document's history is asked for. */
export interface TrailQuery {
  /** Null: now. */
  readonly atSlot: number | null;
  readonly limit: number;
  /** Order key and id of the last entry of the page before. */
  readonly after: readonly [at: string, id: string] | null;
}

/** Versions without effect that are shown at most. */
const WITHOUT_EFFECT_SHOWN = 100;

/**
 * The document of `key` as of the end of a slot, by the records alone (I6), and what each of them changed, by the handlers
 * of today. Null when neither the ledger nor the collection ever heard of it. Reads the whole history of the document.
 */
export async function readDocumentTrail(
  db: mongo.Db,
  module: DomainModule,
  model: Model,
  key: string,
  query: TrailQuery,
): Promise<DocumentTrail | null> {
  const records = await readHistory(db, module, model, key);
  const stored = (await readDocumentsByKey(db, model, [key])).has(key);
  if (records.length === 0 && !stored) return null;
  const inTime = records.filter(({ slot }) => query.atSlot === null || slot <= query.atSlot);
  const applied = inTime.filter(({ state }) => state === 'applied');
  const { entries, fields } =
    model.kind === 'state' ? stateTrail(module, model, key, applied) : factTrail(module, model, key, applied);
  const { after, limit } = query;
  const start = after === null ? 0 : entries.findIndex(({ at, record }) => isAfter([at, record._id], after));
  const page = start < 0 ? [] : entries.slice(start, start + limit);
  return {
    ...{ fields, entries: page, total: entries.length, stored },
    hasMore: start >= 0 && start + limit < entries.length,
    orphaned: newest(inTime, ({ state }) => state === 'orphaned'),
    waiting: newest(inTime, ({ state }) => state === 'received' || state === 'dead'),
    frontier: await readFrontier(db, module.name),
  };
}

async function readHistory(db: mongo.Db, module: DomainModule, model: Model, key: string): Promise<LedgerRecord[]> {
  const where =
    model.kind === 'state'
      ? { touches: touchOf(model.collection, key) }
      : // The event, and its versions that did not land, which are kept under its id with a number.
        { $or: [{ _id: key }, { _id: { $gte: `${key}~`, $lt: `${key}~~` } }] };
  const stored = await ledgerEvents(db)
    .find({ ...where, program: module.name } as mongo.Filter<StoredRecord>)
    .toArray();
  const records = stored.map(recordFrom);
  if (model.kind === 'state') return records;
  // Any event has an id of this form: only those that make such a fact are of this collection.
  return records.filter((record) => factOf(module, model, record) !== null);
}

function stateTrail(
  module: DomainModule,
  model: StateModel,
  key: string,
  applied: readonly LedgerRecord[],
): { entries: TrailEntry[]; fields: Values | null } {
  const byId = new Map(applied.map((record) => [record._id, record]));
  const steps = applied.flatMap((record): Step[] => {
    const outcome = runHandler(module, record);
    if (!outcome.ok) return [];
    return outcome.writes.flatMap((write) =>
      write.kind !== 'fact' && write.model.collection === model.collection && write.key === key
        ? [stepOf(record, write)]
        : [],
    );
  });
  const entries: TrailEntry[] = [];
  let fields: Values | null = null;
  for (const step of inOrder(steps)) {
    const record = byId.get(step.id);
    const change = foldSteps([step], 'document');
    if (!record || !change) continue;
    const before: Values | null = fields;
    fields = change.closed ? null : { ...(before ?? {}), ...change.set };
    entries.push({
      ...{ at: step.at, record, changes: changesBetween(before ?? {}, fields ?? {}) },
      effect: fields === null ? 'closed' : before === null ? 'opened' : 'changed',
    });
  }
  return { entries, fields };
}

function factTrail(
  module: DomainModule,
  model: FactModel,
  key: string,
  applied: readonly LedgerRecord[],
): { entries: TrailEntry[]; fields: Values | null } {
  const record = applied.find(({ _id }) => _id === key);
  const fields = record ? factOf(module, model, record) : null;
  if (!record || !fields) return { entries: [], fields: null };
  const entry = { at: orderKey(record, 0n), record, effect: 'opened', changes: changesBetween({}, fields) } as const;
  return { entries: [entry], fields };
}

function factOf(module: DomainModule, model: FactModel, record: LedgerRecord): Values | null {
  const outcome = runHandler(module, record);
  if (!outcome.ok) return null;
  const write = outcome.writes.find((one) => one.kind === 'fact' && one.model.collection === model.collection);
  return write?.kind === 'fact' ? write.fields : null;
}

function changesBetween(before: Values, after: Values): TrailEntry['changes'] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return new Map(
    names
      .filter((name) => !isSame(before[name], after[name]))
      .map((name) => [name, { before: before[name], after: after[name] }]),
  );
}

function isSame(one: FieldValue | undefined, other: FieldValue | undefined): boolean {
  return one instanceof Date && other instanceof Date ? one.getTime() === other.getTime() : one === other;
}

function isAfter([at, id]: readonly [string, string], [otherAt, otherId]: readonly [string, string]): boolean {
  return at > otherAt || (at === otherAt && id > otherId);
}

function newest(records: readonly LedgerRecord[], isWanted: (record: LedgerRecord) => boolean): LedgerRecord[] {
  return records
    .filter(isWanted)
    .sort((one, other) => other.slot - one.slot)
    .slice(0, WITHOUT_EFFECT_SHOWN);
}
