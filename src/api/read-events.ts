import type { mongo } from 'mongoose';
import type { Model } from '../domain-kit/model.js';
import { ledgerEvents, recordFrom, type StoredRecord } from '../ledger/ledger-collections.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { jsonValue } from '../lib/json-value.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { DocumentView } from './document-view.js';
import { readPaging, refuse } from './list-query.js';
import type { FieldError } from './problem.js';
import type { Page } from './read-documents.js';

/** The values of those filters that have few. */
export const EVENT_CHOICES: Readonly<Record<string, readonly string[]>> = {
  kind: ['event', 'observation'],
  state: ['received', 'applied', 'dead', 'orphaned'],
  commitment: ['confirmed', 'finalized'],
};
/** Filters of the event list. `address`: events that changed the document of that account. */
export const EVENT_FILTERS = ['program', 'name', 'signature', 'address', ...Object.keys(EVENT_CHOICES)] as const;

/** One record of the ledger; null when there is none. */
export async function readEvent(db: mongo.Db, id: string): Promise<DocumentView | null> {
  const stored = await ledgerEvents(db).findOne({ _id: id });
  return stored && eventView(recordFrom(stored));
}

/** A page of the ledger, newest slot first. */
export async function readEventPage(
  db: mongo.Db,
  models: readonly Model[],
  query: Readonly<Record<string, unknown>>,
): Promise<Page> {
  const errors: FieldError[] = [];
  const { limit, cursor, rest } = readPaging(query, errors);
  const filters = readFilters(rest, errors);
  refuse(errors);

  const list = `events?${JSON.stringify(Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
  const after = cursor === undefined ? undefined : decodeCursor<[number, string]>(list, cursor, ['number', 'string']);
  const stored = await ledgerEvents(db)
    .find({ ...whereOf(filters, models), ...afterOf(after) } as mongo.Filter<StoredRecord>)
    .sort({ slot: -1, _id: -1 })
    .limit(limit + 1)
    .toArray();
  const records = stored.slice(0, limit).map(recordFrom);
  const last = records.at(-1);
  return {
    items: records.map(eventView),
    nextCursor: stored.length > limit && last ? encodeCursor(list, [last.slot, last._id]) : null,
  };
}

/** A ledger record as the API shows it. */
export function eventView(record: LedgerRecord): DocumentView {
  return {
    id: record._id,
    kind: record.kind,
    program: record.program,
    name: record.name,
    signature: record.signature,
    slot: record.slot,
    data: jsonValue(record.data),
    state: record.state,
    commitment: record.commitment,
    touches: record.touches,
    attempts: record.attempts,
    error: record.error,
    seenAt: record.seenAt.toISOString(),
    appliedAt: record.appliedAt?.toISOString() ?? null,
    finalizedAt: record.finalizedAt?.toISOString() ?? null,
  };
}

function readFilters(query: Readonly<Record<string, unknown>>, errors: FieldError[]): Record<string, string> {
  const filters: Record<string, string> = { kind: 'event' };
  for (const [name, value] of Object.entries(query)) {
    const choices = Object.hasOwn(EVENT_CHOICES, name) ? EVENT_CHOICES[name] : undefined;
    if (!(EVENT_FILTERS as readonly string[]).includes(name)) {
      errors.push({ field: name, message: `is not a filter of this list; filters are ${EVENT_FILTERS.join(', ')}` });
    } else if (typeof value !== 'string' || value === '') {
      errors.push({ field: name, message: 'must be given once' });
    } else if (choices && !choices.includes(value)) {
      errors.push({ field: name, message: `must be one of ${choices.join(', ')}` });
    } else {
      filters[name] = value;
    }
  }
  return filters;
}

function whereOf({ address, ...equal }: Readonly<Record<string, string>>, models: readonly Model[]): mongo.Document {
  if (address === undefined) return equal;
  const states = models.filter((model) => model.kind === 'state');
  return { ...equal, touches: { $in: states.map((model) => touchOf(model.collection, address)) } };
}

function afterOf(after: readonly [number, string] | undefined): mongo.Document {
  if (!after) return {};
  const [slot, id] = after;
  return { $or: [{ slot: { $lt: slot } }, { slot, _id: { $lt: id } }] };
}
