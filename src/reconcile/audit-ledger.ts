import type { mongo } from 'mongoose';
import { diffFields } from '../domain-kit/diff-document.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { FactModel, StateModel } from '../domain-kit/model.js';
import type { FactWrite } from '../domain-kit/writes.js';
import { ledgerEvents, recordFrom } from '../ledger/ledger-collections.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { readTouching } from '../ledger/read-records.js';
import type { DocumentChange } from '../pipeline/fold.js';
import { foldDocuments } from '../pipeline/fold-documents.js';
import { runHandler } from '../pipeline/run-handler.js';
import type { Finding } from './audit-report.js';
import { ownedFields, readDocuments, readPresentKeys, type StoredDocument } from './stored-documents.js';

/** Ledger records looked at together. */
const BATCH = 500;

/**
 * Compares every document with the fold of the ledger's records (I6): what the chain has no account for as well.
 * `onLooked` is told of so many documents, and then records, that were looked at.
 */
export async function auditAgainstLedger(
  db: mongo.Db,
  module: DomainModule,
  onLooked: (count: number) => void = () => undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const model of module.models) {
    for await (const batch of readDocuments(db, model)) {
      findings.push(
        ...(model.kind === 'state'
          ? await checkStates(db, module, model, batch)
          : await checkFacts(db, module, model, batch)),
      );
      onLooked(batch.length);
    }
  }
  findings.push(...(await findMissing(db, module, onLooked)));
  return findings;
}

/** What the fold of the ledger says of these state documents. */
async function checkStates(
  db: mongo.Db,
  module: DomainModule,
  model: StateModel,
  batch: readonly StoredDocument[],
): Promise<Finding[]> {
  const touches = new Set(batch.map(({ key }) => touchOf(model.collection, key)));
  const folded = foldDocuments(module, touches, await readTouching(db, [...touches]));
  return batch.flatMap((document) => {
    const change = folded.get(touchOf(model.collection, document.key)) ?? null;
    return compareWithFold(module, model, document.key, document, change);
  });
}

/** What the fold of its records says of a state document; at most one finding. */
export function compareWithFold(
  module: DomainModule,
  model: StateModel,
  key: string,
  document: StoredDocument | null,
  change: DocumentChange | null,
): Finding[] {
  const about = { program: module.name, collection: model.collection, key, witness: 'ledger' as const };
  const shouldExist = change !== null && !change.closed;
  if (!document) return shouldExist ? [{ ...about, kind: 'missing', fields: [] }] : [];
  if (!shouldExist) return [{ ...about, kind: 'orphaned', fields: [] }];
  const differences = diffFields(ownedFields(model), change.set, document.fields);
  return differences.length > 0 ? [{ ...about, kind: 'drift', fields: differences }] : [];
}

async function checkFacts(
  db: mongo.Db,
  module: DomainModule,
  model: FactModel,
  batch: readonly StoredDocument[],
): Promise<Finding[]> {
  const records = await readApplied(
    db,
    batch.map(({ key }) => key),
  );
  return batch.flatMap((document) =>
    compareWithEvent(module, model, document.key, document, records.get(document.key) ?? null),
  );
}

/** What its event says of a fact; null: there is no such event, or it is not applied. At most one finding. */
export function compareWithEvent(
  module: DomainModule,
  model: FactModel,
  key: string,
  document: StoredDocument | null,
  record: LedgerRecord | null,
): Finding[] {
  const about = { program: module.name, collection: model.collection, key, witness: 'ledger' as const };
  const write = record && factsOf(module, record).find((fact) => fact.model.collection === model.collection);
  if (!document) return write ? [{ ...about, kind: 'missing', fields: [] }] : [];
  if (!write) return [{ ...about, kind: 'orphaned', fields: [] }];
  const differences = diffFields(ownedFields(model), write.fields, document.fields);
  return differences.length > 0 ? [{ ...about, kind: 'drift', fields: differences }] : [];
}

/** The applied events of these ids. */
export async function readApplied(
  db: mongo.Db,
  ids: readonly string[],
  session?: mongo.ClientSession,
): Promise<Map<string, LedgerRecord>> {
  const stored = await ledgerEvents(db)
    .find({ _id: { $in: [...ids] }, state: 'applied' }, session ? { session } : {})
    .toArray();
  return new Map(stored.map((record) => [record._id, recordFrom(record)]));
}

/** Documents that the ledger speaks of and that are not there. */
async function findMissing(db: mongo.Db, module: DomainModule, onLooked: (count: number) => void): Promise<Finding[]> {
  const findings: Finding[] = [];
  // Handlers read `data`: what it was decoded from would be half of all that is read here.
  const cursor = ledgerEvents(db)
    .find({ program: module.name, state: 'applied' }, { projection: { raw: 0 } })
    .batchSize(BATCH);
  let batch: LedgerRecord[] = [];
  for await (const stored of cursor) {
    batch.push(recordFrom(stored));
    if (batch.length < BATCH) continue;
    findings.push(...(await missingAmong(db, module, batch)));
    onLooked(batch.length);
    batch = [];
  }
  findings.push(...(await missingAmong(db, module, batch)));
  onLooked(batch.length);
  return findings;
}

async function missingAmong(db: mongo.Db, module: DomainModule, records: readonly LedgerRecord[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const model of module.models) {
    const about = { program: module.name, collection: model.collection, witness: 'ledger' as const };
    if (model.kind === 'fact') {
      const keys = records
        .flatMap((record) => factsOf(module, record).filter((fact) => fact.model.collection === model.collection))
        .map(({ key }) => key);
      const present = await readPresentKeys(db, model, keys);
      for (const key of keys) if (!present.has(key)) findings.push({ ...about, key, kind: 'missing', fields: [] });
      continue;
    }
    const prefix = touchOf(model.collection, '');
    const keys = new Set(
      records.flatMap(({ touches }) =>
        touches.filter((touch) => touch.startsWith(prefix)).map((touch) => touch.slice(prefix.length)),
      ),
    );
    const present = await readPresentKeys(db, model, [...keys]);
    const absent = new Set([...keys].filter((key) => !present.has(key)).map((key) => prefix + key));
    if (absent.size === 0) continue;
    for (const [touch, change] of foldDocuments(module, absent, await readTouching(db, [...absent]))) {
      if (!change.closed) findings.push({ ...about, key: touch.slice(prefix.length), kind: 'missing', fields: [] });
    }
  }
  return findings;
}

function factsOf(module: DomainModule, record: LedgerRecord): FactWrite[] {
  const outcome = runHandler(module, record);
  return outcome.ok ? outcome.writes.filter((write) => write.kind === 'fact') : [];
}
