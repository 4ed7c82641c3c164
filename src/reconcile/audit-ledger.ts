import type { mongo } from 'mongoose';
import { diffFields } from '../domain-kit/diff-document.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { FactModel, StateModel } from '../domain-kit/model.js';
import type { FactWrite } from '../domain-kit/writes.js';
import { ledgerEvents, recordFrom } from '../ledger/ledger-collections.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { readTouching } from '../ledger/read-records.js';
import { foldDocuments } from '../pipeline/fold-documents.js';
import { runHandler } from '../pipeline/run-handler.js';
import type { Finding } from './audit-report.js';
import { ownedFields, readDocuments, readDocumentsByKey, type StoredDocument } from './stored-documents.js';

/** Ledger records looked at together. */
const BATCH = 500;

/** Compares every document with the fold of the ledger's records (I6): what the chain has no account for as well. */
export async function auditAgainstLedger(db: mongo.Db, module: DomainModule): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const model of module.models) {
    for await (const batch of readDocuments(db, model)) {
      findings.push(
        ...(model.kind === 'state'
          ? await checkStates(db, module, model, batch)
          : await checkFacts(db, module, model, batch)),
      );
    }
  }
  findings.push(...(await findMissing(db, module)));
  return findings;
}

async function checkStates(
  db: mongo.Db,
  module: DomainModule,
  model: StateModel,
  batch: readonly StoredDocument[],
): Promise<Finding[]> {
  const touches = new Set(batch.map(({ key }) => touchOf(model.collection, key)));
  const folded = foldDocuments(module, touches, await readTouching(db, [...touches]));
  const about = { program: module.name, collection: model.collection, witness: 'ledger' as const };
  return batch.flatMap(({ key, fields }): Finding[] => {
    const change = folded.get(touchOf(model.collection, key));
    if (!change || change.closed) return [{ ...about, key, kind: 'orphaned', fields: [] }];
    const differences = diffFields(ownedFields(model), change.set, fields);
    return differences.length > 0 ? [{ ...about, key, kind: 'drift', fields: differences }] : [];
  });
}

async function checkFacts(
  db: mongo.Db,
  module: DomainModule,
  model: FactModel,
  batch: readonly StoredDocument[],
): Promise<Finding[]> {
  const stored = await ledgerEvents(db)
    .find({ _id: { $in: batch.map(({ key }) => key) }, state: 'applied' })
    .toArray();
  const records = new Map(stored.map((record) => [record._id, recordFrom(record)]));
  const about = { program: module.name, collection: model.collection, witness: 'ledger' as const };
  return batch.flatMap(({ key, fields }): Finding[] => {
    const record = records.get(key);
    const write = record && factsOf(module, record).find((fact) => fact.model.collection === model.collection);
    if (!write) return [{ ...about, key, kind: 'orphaned', fields: [] }];
    const differences = diffFields(ownedFields(model), write.fields, fields);
    return differences.length > 0 ? [{ ...about, key, kind: 'drift', fields: differences }] : [];
  });
}

/** Documents that the ledger speaks of and that are not there. */
async function findMissing(db: mongo.Db, module: DomainModule): Promise<Finding[]> {
  const findings: Finding[] = [];
  const cursor = ledgerEvents(db).find({ program: module.name, state: 'applied' }).batchSize(BATCH);
  let batch: LedgerRecord[] = [];
  for await (const stored of cursor) {
    batch.push(recordFrom(stored));
    if (batch.length < BATCH) continue;
    findings.push(...(await missingAmong(db, module, batch)));
    batch = [];
  }
  findings.push(...(await missingAmong(db, module, batch)));
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
      const present = await readDocumentsByKey(db, model, keys);
      for (const key of keys) if (!present.has(key)) findings.push({ ...about, key, kind: 'missing', fields: [] });
      continue;
    }
    const prefix = touchOf(model.collection, '');
    const keys = new Set(
      records.flatMap(({ touches }) =>
        touches.filter((touch) => touch.startsWith(prefix)).map((touch) => touch.slice(prefix.length)),
      ),
    );
    const present = await readDocumentsByKey(db, model, [...keys]);
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
