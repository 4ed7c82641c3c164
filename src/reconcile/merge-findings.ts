import { diffFields, type FieldDifference } from '../domain-kit/diff-document.js';
import type { DifferenceKind, DocumentDifference, Finding, Witness } from './audit-report.js';

/** Fields that accounts decide, by collection: where the chain names no difference in one, the document is right. */
export type MirroredFields = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Puts together what the witnesses say: each document once. The chain is the truth about what it has accounts for. Where
 * the ledger contradicts it, the ledger lacks something, and nobody must be told that the document is wrong.
 */
export function mergeFindings(findings: readonly Finding[], mirrored: MirroredFields): DocumentDifference[] {
  const byDocument = new Map<string, Finding[]>();
  for (const finding of findings) {
    const id = `${finding.collection}/${finding.key}`;
    byDocument.set(id, [...(byDocument.get(id) ?? []), finding]);
  }
  return [...byDocument.values()].map((found) => judgeDocument(found, mirrored));
}

function judgeDocument(findings: readonly Finding[], mirrored: MirroredFields): DocumentDifference {
  const { program, collection, key } = findings[0] as Finding;
  const chain = findings.find(({ witness }) => witness === 'chain');
  const ledger = findings.find(({ witness }) => witness === 'ledger');
  const isMirrored = mirrored.has(collection);
  const difference = (kind: DifferenceKind, more: Partial<DocumentDifference>): DocumentDifference => {
    const witnesses = findings.filter((finding) => finding.kind === kind).map(({ witness }) => witness);
    return { program, collection, key, kind, fields: [], witnesses, ledger: 'agrees', ...more };
  };
  const unrecorded = { witnesses: ['ledger'] } as const;

  if (chain?.kind === 'missing') {
    return difference('missing', { ledger: ledger?.kind === 'missing' ? 'agrees' : 'has-it-not' });
  }
  if (chain?.kind === 'orphaned') {
    return difference('orphaned', { ledger: ledger?.kind === 'orphaned' ? 'agrees' : 'has-no-end' });
  }
  if (ledger?.kind === 'missing') {
    return isMirrored ? difference('unrecorded', { ...unrecorded, ledger: 'has-no-end' }) : difference('missing', {});
  }
  if (ledger?.kind === 'orphaned' && !isMirrored) return difference('orphaned', {});

  const { fields, witnesses, isContradicted } = judgeFields(findings, mirrored.get(collection) ?? new Set());
  const view = ledger?.kind === 'orphaned' ? 'has-it-not' : isContradicted ? 'leads-elsewhere' : 'agrees';
  if (fields.length > 0) return difference('drift', { fields, witnesses, ledger: view });
  return difference('unrecorded', { ...unrecorded, fields: ledger?.fields ?? [], ledger: view });
}

/** The fields that are wrong, who says what they should be, and whether the ledger says otherwise than the chain. */
function judgeFields(findings: readonly Finding[], mirrored: ReadonlySet<string>) {
  const saidBy = (witness: Witness) => findings.find((finding) => finding.witness === witness)?.fields ?? [];
  const chain = saidBy('chain');
  const ledger = saidBy('ledger');
  const settle = saidBy('settle');
  const fields = [...chain, ...ledger.filter(({ field }) => !mirrored.has(field)), ...settle];
  const expectsTheSame = (one: FieldDifference, others: readonly FieldDifference[]) =>
    others.some(
      ({ field, expected }) =>
        field === one.field && diffFields(['_'], { _: expected }, { _: one.expected }).length === 0,
    );
  const witnesses: Witness[] = [];
  if (chain.length > 0) witnesses.push('chain');
  if (fields.some((one) => expectsTheSame(one, ledger))) witnesses.push('ledger');
  if (settle.length > 0) witnesses.push('settle');
  const isContradicted =
    chain.some((one) => !expectsTheSame(one, ledger)) ||
    ledger.some((one) => mirrored.has(one.field) && !expectsTheSame(one, chain));
  return { fields, witnesses, isContradicted };
}
