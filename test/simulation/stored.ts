import { doesCount } from '../../src/domain-kit/document-mark.js';
import type { FieldValue } from '../../src/domain-kit/field.js';
import type { Model } from '../../src/domain-kit/model.js';
import { fromStored } from '../../src/lib/stored-value.js';
import type { LedgerRecord } from '../../src/ledger/ledger-record.js';
import type { MemoryServer } from './memory-mongo/memory-server.js';

const EVERYTHING = { matches: () => true, equalities: new Map<string, never[]>() };

type Stored = Readonly<Record<string, unknown>>;

/** What is committed, read past all processes. */
export function storedDocuments(server: MemoryServer, collection: string): Stored[] {
  const table = server.table(collection);
  return table.find(EVERYTHING, null).map((entry) => table.documentOf(entry, null) as Stored);
}

/** One committed document by its `_id`. */
export function storedDocument(server: MemoryServer, collection: string, id: unknown): Stored | undefined {
  const table = server.table(collection);
  const [entry] = table.find({ matches: () => true, equalities: new Map([['_id', [id]]]) }, null);
  return entry && (table.documentOf(entry, null) as Stored | undefined);
}

export function ledgerRecord(stored: Stored): LedgerRecord {
  return fromStored(stored) as LedgerRecord;
}

/** Owned and settled fields of a state or fact document; null for one that does not count. */
export function ownedPart(model: Model, stored: Stored): Record<string, FieldValue> | null {
  if (!doesCount(stored)) return null;
  const owned = { ...model.fields, ...(model.kind === 'state' ? model.settled : {}) };
  return Object.fromEntries(
    Object.keys(owned)
      .filter((name) => name in stored)
      .map((name) => [name, fromStored(stored[name]) as FieldValue]),
  );
}
