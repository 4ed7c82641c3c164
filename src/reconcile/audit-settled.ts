import type { mongo } from 'mongoose';
import { diffFields } from '../domain-kit/diff-document.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { fromStored, toStored } from '../lib/stored-value.js';
import type { Finding } from './audit-report.js';
import { readDocuments } from './stored-documents.js';

/** Computes every settled result again and compares it with what is stored. */
export async function auditSettled(db: mongo.Db, module: DomainModule): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const step of module.settle) {
    for await (const batch of readDocuments(db, step.into)) {
      for (const { key, fields } of batch) {
        const { where, sort, limit } = step.query(key);
        const documents = await db
          .collection(step.watch.collection)
          .find({ ...(toStored(where) as mongo.Filter<mongo.Document>), '_mooring.closed': { $ne: true } })
          .sort({ ...sort })
          .limit(limit)
          .toArray();
        const expected = step.compute(
          documents.map((document) => fromStored(document) as never),
          key,
        );
        const differences = diffFields(Object.keys(expected), expected, fields);
        if (differences.length === 0) continue;
        findings.push({
          program: module.name,
          collection: step.into.collection,
          key,
          kind: 'drift',
          fields: differences,
          witness: 'settle',
        });
      }
    }
  }
  return findings;
}
