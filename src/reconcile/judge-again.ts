import { diffFields } from '../domain-kit/diff-document.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { StateModel } from '../domain-kit/model.js';
import type { StateWrite } from '../domain-kit/writes.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { foldDocuments } from '../pipeline/fold-documents.js';
import { compareWithAccount } from './diff-accounts.js';
import type { Finding } from './audit-report.js';
import type { StoredDocument } from './stored-documents.js';

/** An account as it was read. `write` null: there is none that this model mirrors. */
export interface AccountReading {
  readonly slot: number;
  readonly write: StateWrite | null;
}

/** A document, its history and what the ledger and the other documents say of it, all of one moment. */
export interface Look {
  readonly document: StoredDocument | null;
  /** The applied records that touch it. */
  readonly history: readonly LedgerRecord[];
  /** Records that touch it are still to be applied. */
  readonly isWaiting: boolean;
  /** A document stands there that is marked as orphaned, and so does not count. */
  readonly isMarked: boolean;
  /** Of the witnesses ledger and settle. */
  readonly findings: readonly Finding[];
}

/**
 * settled: nothing that is on its way can change these findings; `ledgerAgrees` says whether the records lead to the
 * account as it was read. open: something may.
 */
export type SecondVerdict =
  | { readonly kind: 'settled'; readonly findings: readonly Finding[]; readonly ledgerAgrees: boolean }
  | { readonly kind: 'open' };

/**
 * Judges a document whose account may be changing meanwhile. The document and the ledger are of one moment, the account
 * is of another: they are compared by way of the ledger, which knows what the document was at the account's slot.
 *
 * `isBehindFrontier`: everything that ever touched the account is scanned, and nothing did after it was read.
 */
export function judgeAgain(
  module: DomainModule,
  model: StateModel,
  key: string,
  look: Look,
  account: AccountReading,
  isBehindFrontier: boolean,
): SecondVerdict {
  // That its records have no end is for cleanup to mend. An account that it has speaks for itself.
  if (look.isMarked && account.write === null) return { kind: 'settled', findings: [], ledgerAgrees: true };
  const direct = compareWithAccount(module, model, key, look.document, account.write);
  if (direct.length === 0) {
    const isRecorded = look.findings.every(({ witness }) => witness !== 'ledger');
    const ledgerAgrees = isRecorded || leadsTo(module, model, key, look.history, account);
    return { kind: 'settled', findings: look.findings, ledgerAgrees };
  }
  if (leadsTo(module, model, key, look.history, account)) {
    // Chain and ledger agree as of then, so the ledger speaks for the chain as of now.
    const byLedger = look.findings.find(({ witness }) => witness === 'ledger');
    const byChain = byLedger ? forTheChain(byLedger, account.write) : [];
    return { kind: 'settled', findings: [...byChain, ...look.findings], ledgerAgrees: true };
  }
  if (!isBehindFrontier || look.isWaiting) return { kind: 'open' };
  return { kind: 'settled', findings: [...direct, ...look.findings], ledgerAgrees: false };
}

/** The ledger's finding in the chain's name: of the fields that the account decides. */
function forTheChain(finding: Finding, write: StateWrite | null): Finding[] {
  const fields = finding.fields.filter(({ field }) => write !== null && field in write.patch);
  if (finding.kind === 'drift' && fields.length === 0) return [];
  return [{ ...finding, witness: 'chain', fields }];
}

/**
 * Whether the records, in order, lead to the account as it was read. A node reads in the middle of a slot, so any place
 * within that slot will do; every record of an earlier slot counts.
 */
function leadsTo(
  module: DomainModule,
  model: StateModel,
  key: string,
  history: readonly LedgerRecord[],
  { slot, write }: AccountReading,
): boolean {
  const touch = touchOf(model.collection, key);
  const before = history.filter((record) => record.slot < slot);
  const within = history.filter((record) => record.slot === slot);
  const isIt = (records: readonly LedgerRecord[]): boolean => {
    const change = foldDocuments(module, new Set([touch]), records).get(touch) ?? null;
    if (!change || change.closed) return write === null;
    return write !== null && diffFields(Object.keys(write.patch), write.patch, change.set).length === 0;
  };
  // By what each leaves behind: the order within the slot is the fold's business, so every prefix of it is tried.
  const ordered = [...within].sort((one, other) => compareIn(module, model, key, one, other));
  return Array.from({ length: ordered.length + 1 }, (_, count) => [...before, ...ordered.slice(0, count)]).some(isIt);
}

function compareIn(
  module: DomainModule,
  model: StateModel,
  key: string,
  one: LedgerRecord,
  other: LedgerRecord,
): number {
  const touch = touchOf(model.collection, key);
  const at = (record: LedgerRecord) => foldDocuments(module, new Set([touch]), [record]).get(touch)?.at ?? '';
  return at(one) < at(other) ? -1 : 1;
}
