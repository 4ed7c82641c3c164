import type { FieldDifference } from '../domain-kit/diff-document.js';

/** Who says that a document should be otherwise. */
export type Witness = 'chain' | 'ledger' | 'settle';

/**
 * drift: fields differ. missing: it should exist and does not. orphaned: it exists and should not.
 * unrecorded: the document is what the chain says, and the ledger's records do not lead there.
 */
export type DifferenceKind = 'drift' | 'missing' | 'orphaned' | 'unrecorded';

/**
 * How the ledger stands to what the chain says of a document. has-it-not: no applied record of a document the chain has
 * an account for, or its close as the last one. has-no-end: its records lead to a document the chain has no account for.
 * leads-elsewhere: its records lead to other values than the account's.
 */
export type LedgerView = 'agrees' | 'has-it-not' | 'has-no-end' | 'leads-elsewhere';

/** One document that is not what it must be, or that the ledger cannot account for. */
export interface DocumentDifference {
  readonly program: string;
  readonly collection: string;
  readonly key: string;
  readonly kind: DifferenceKind;
  readonly fields: readonly FieldDifference[];
  /** Who says that it is of this kind, and nobody else. */
  readonly witnesses: readonly Witness[];
  readonly ledger: LedgerView;
}

/** What an audit looked at and what it found. */
export interface AuditReport {
  /** Documents that exist or should exist. */
  readonly documents: number;
  readonly drift: number;
  readonly missing: number;
  readonly orphaned: number;
  readonly unrecorded: number;
  readonly differences: readonly DocumentDifference[];
  /** Documents that went on changing, or waited for the ledger, for as long as the audit looked: neither right nor wrong. */
  readonly unsettled: readonly DocumentName[];
  /** Accounts that their IDL or their handler cannot read: nothing is known of their documents. */
  readonly unreadable: readonly UnreadableAccount[];
  /** Collections of state documents without an account handler: compared with the ledger only. */
  readonly notMirrored: readonly string[];
  /** Orphans that reconcile has marked: no part of `documents`, shown to nobody, kept until somebody cleans up. */
  readonly marked: number;
}

export interface DocumentName {
  readonly program: string;
  readonly collection: string;
  readonly key: string;
}

export interface UnreadableAccount {
  readonly program: string;
  readonly address: string;
}

/** One witness's finding; several about one document are one difference. */
export interface Finding {
  readonly program: string;
  readonly collection: string;
  readonly key: string;
  readonly kind: Exclude<DifferenceKind, 'unrecorded'>;
  readonly fields: readonly FieldDifference[];
  readonly witness: Witness;
}

/** The report of merged differences. */
export function auditReport(
  documents: number,
  differences: readonly DocumentDifference[],
  {
    unsettled = [],
    unreadable = [],
    notMirrored = [],
    marked = 0,
  }: Partial<Pick<AuditReport, 'unsettled' | 'unreadable' | 'notMirrored' | 'marked'>> = {},
): AuditReport {
  const count = (kind: DifferenceKind) => differences.filter((difference) => difference.kind === kind).length;
  return {
    documents,
    drift: count('drift'),
    missing: count('missing'),
    orphaned: count('orphaned'),
    unrecorded: count('unrecorded'),
    differences,
    unsettled,
    unreadable,
    notMirrored,
    marked,
  };
}
