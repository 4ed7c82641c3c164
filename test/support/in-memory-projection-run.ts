import type { DomainModule } from '../../src/domain-kit/domain-module.js';
import type { FieldValue } from '../../src/domain-kit/field.js';
import { coupons } from '../../src/domains/coupons/module.js';
import type { LedgerRecord } from '../../src/ledger/ledger-record.js';
import { project } from '../../src/pipeline/project.js';
import { runHandler, touchesOf } from '../../src/pipeline/run-handler.js';
import type { Documents } from './coupon-history-oracle.js';
import type { InMemoryProjection } from './in-memory-projection.js';

/** Applies records and withdraws others as one transaction, the ledger's part included. */
export async function commitInMemory(
  memory: InMemoryProjection,
  add: readonly LedgerRecord[],
  remove: readonly LedgerRecord[],
  module: DomainModule = coupons,
): Promise<void> {
  const handled = add.map((record) => {
    const outcome = runHandler(module, record);
    if (!outcome.ok) throw new Error(outcome.error);
    return { record: { ...record, touches: touchesOf(outcome.writes) }, writes: outcome.writes };
  });
  await project(memory, module, handled, remove);
  for (const { _id } of remove) memory.records.delete(_id);
  for (const { record } of handled) memory.records.set(record._id, { ...record, state: 'applied' });
}

/** The documents in memory without tombstones and mooring's notes. */
export function documentsInMemory(memory: InMemoryProjection, module: DomainModule = coupons): Documents {
  const documents: Documents = {};
  for (const model of module.models) {
    const collection: Record<string, Record<string, FieldValue>> = {};
    for (const [key, { fields, closed }] of memory.documents(model)) if (!closed) collection[key] = { ...fields };
    documents[model.collection] = collection;
  }
  return documents;
}
