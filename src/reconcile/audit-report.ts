import type { FieldDifference } from '../domain-kit/diff-document.js';

/** Who says that a document should be otherwise. */
export type Witness = 'chain' | 'ledger' | 'settle';

/** drift: fields differ. missing: it should exist and does not. orphaned: it exists and should not. */
export type DifferenceKind = 'drift' | 'missing' | 'orphaned';

/** One document that is not what it must be. */
export interface DocumentDifference {
  readonly program: string;
  readonly collection: string;
  readonly key: string;
  readonly kind: DifferenceKind;
  readonly fields: readonly FieldDifference[];
  readonly witnesses: readonly Witness[];
}

/** What an audit looked at and what it found. */
export interface AuditReport {
  /** Documents that exist or should exist. */
  readonly documents: number;
  readonly drift: number;
  readonly missing: number;
  readonly orphaned: number;
  readonly differences: readonly DocumentDifference[];
}

/** One witness's finding; several about one document are one difference. */
export type Finding = Omit<DocumentDifference, 'witnesses'> & { readonly witness: Witness };

/** A document that is missing or invented is that before it is anything else. */
const WEIGHT: Readonly<Record<DifferenceKind, number>> = { missing: 2, orphaned: 2, drift: 1 };

/** Puts together what the witnesses say: each document once, with every field that any of them names. */
export function mergeFindings(findings: readonly Finding[]): DocumentDifference[] {
  const merged = new Map<string, DocumentDifference>();
  for (const { witness, ...finding } of findings) {
    const id = `${finding.collection}/${finding.key}`;
    const known = merged.get(id);
    if (!known) {
      merged.set(id, { ...finding, witnesses: [witness] });
      continue;
    }
    const named = new Set(known.fields.map(({ field }) => field));
    merged.set(id, {
      ...known,
      kind: WEIGHT[finding.kind] > WEIGHT[known.kind] ? finding.kind : known.kind,
      fields: [...known.fields, ...finding.fields.filter(({ field }) => !named.has(field))],
      witnesses: known.witnesses.includes(witness) ? known.witnesses : [...known.witnesses, witness],
    });
  }
  return [...merged.values()];
}

/** The report of merged differences. */
export function auditReport(documents: number, differences: readonly DocumentDifference[]): AuditReport {
  const count = (kind: DifferenceKind) => differences.filter((difference) => difference.kind === kind).length;
  return { documents, drift: count('drift'), missing: count('missing'), orphaned: count('orphaned'), differences };
}

/** The differences that both looks found: what live traffic explains is gone at the second. */
export function persisting(
  first: readonly DocumentDifference[],
  second: readonly DocumentDifference[],
): DocumentDifference[] {
  const seen = new Set(first.map(({ collection, key, kind }) => `${kind}/${collection}/${key}`));
  return second.filter(({ collection, key, kind }) => seen.has(`${kind}/${collection}/${key}`));
}
