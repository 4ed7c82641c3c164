import { diffFields } from '../domain-kit/diff-document.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { StateModel } from '../domain-kit/model.js';
import type { StateWrite } from '../domain-kit/writes.js';
import type { Finding } from './audit-report.js';
import { ownedFields, type StoredDocument } from './stored-documents.js';

/** What an account says of its document; null: there is none of it. At most one finding. */
export function compareWithAccount(
  module: DomainModule,
  model: StateModel,
  key: string,
  document: StoredDocument | null,
  account: StateWrite | null,
): Finding[] {
  const about = { program: module.name, collection: model.collection, key, witness: 'chain' as const };
  if (!document) return account ? [{ ...about, kind: 'missing', fields: [] }] : [];
  if (!account) return [{ ...about, kind: 'orphaned', fields: [] }];
  const names = ownedFields(model).filter((name) => name in account.patch);
  const differences = diffFields(names, account.patch, document.fields);
  return differences.length > 0 ? [{ ...about, kind: 'drift', fields: differences }] : [];
}

/** The keys, of these accounts of one model, whose documents are not what the accounts say. `null`: no such account. */
export function diffAccounts(
  module: DomainModule,
  model: StateModel,
  accounts: ReadonlyMap<string, StateWrite | null>,
  documents: ReadonlyMap<string, StoredDocument>,
): string[] {
  return [...accounts].flatMap(([key, account]) =>
    compareWithAccount(module, model, key, documents.get(key) ?? null, account).map((finding) => finding.key),
  );
}
