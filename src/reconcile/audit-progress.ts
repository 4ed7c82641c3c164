import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { ledgerEvents } from '../ledger/ledger-collections.js';

/** How far an audit is, in documents and records that were compared. */
export interface AuditProgress {
  readonly done: number;
  /** As of the beginning: traffic may bring more. */
  readonly total: number;
  readonly detail: string;
}

/** How many documents and records an audit of these modules compares. */
export async function countForAudit(
  db: mongo.Db,
  modules: readonly { readonly module: DomainModule }[],
): Promise<number> {
  let total = 0;
  for (const { module } of modules) {
    for (const { collection } of module.models) total += await db.collection(collection).estimatedDocumentCount();
    total += await ledgerEvents(db).countDocuments({ program: module.name, state: 'applied' });
  }
  return total;
}
