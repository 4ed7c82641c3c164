import type { mongo } from 'mongoose';
import { THAT_COUNT } from '../domain-kit/document-mark.js';
import { diffFields } from '../domain-kit/diff-document.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Settle, SettledDocument } from '../domain-kit/settle.js';
import { toStored } from '../lib/stored-value.js';
import { answerFrom } from '../pipeline/mongo-projection.js';
import type { Finding } from './audit-report.js';
import { readDocuments, type StoredDocument } from './stored-documents.js';

/** Computes every settled result again and compares it with what is stored. */
export async function auditSettled(db: mongo.Db, module: DomainModule): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const step of module.settle) {
    for await (const batch of readDocuments(db, step.into)) {
      for (const document of batch) findings.push(...(await compareWithSettled(db, module, step, document)));
    }
  }
  return findings;
}

/** What the other documents say of one result; at most one finding. */
export async function compareWithSettled(
  db: mongo.Db,
  module: DomainModule,
  step: Settle,
  { key, fields }: StoredDocument,
  session?: mongo.ClientSession,
): Promise<Finding[]> {
  const { where, sort, limit } = step.query(key);
  const documents = await db
    .collection(step.watch.collection)
    .find({ ...(toStored(where) as mongo.Filter<mongo.Document>), ...THAT_COUNT }, session ? { session } : {})
    .sort({ ...sort })
    .limit(limit)
    .toArray();
  const answers = documents.map((document) => answerFrom(step.watch, document));
  const expected = step.compute(answers, key, fields as SettledDocument);
  const differences = diffFields(Object.keys(expected), expected, fields);
  if (differences.length === 0) return [];
  const about = { program: module.name, collection: step.into.collection, key, witness: 'settle' as const };
  return [{ ...about, kind: 'drift', fields: differences }];
}
