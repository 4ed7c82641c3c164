import type { FieldDifference } from '../domain-kit/diff-document.js';
import type { FieldValue } from '../domain-kit/field.js';
import type { AuditReport, DocumentDifference, DocumentName, Witness } from './audit-report.js';

/** An audit in lines for people: every difference named, then the verdict, then what to do where there is something. */
export function describeAudit(report: AuditReport): string[] {
  const { documents, drift, missing, orphaned, unrecorded, differences, unsettled } = report;
  const notes = [...report.notMirrored.map(describeNotMirrored), ...unsettled.map(describeUnsettled)];
  if (differences.length === 0) {
    const verdict =
      unsettled.length === 0
        ? "all equal to the chain's accounts and to the ledger"
        : `none found wrong, ${unsettled.length} unsettled`;
    return [...notes, `audit: ${documents} documents, ${verdict}`];
  }
  const counts = [`${drift} drifted`, `${missing} missing`, `${orphaned} orphaned`];
  if (unrecorded > 0) counts.push(`${unrecorded} unrecorded`);
  if (unsettled.length > 0) counts.push(`${unsettled.length} unsettled`);
  return [
    ...notes,
    ...differences.map(describeDifference),
    `audit: ${documents} documents, ${counts.join(', ')}`,
    nextStep(differences),
  ];
}

function describeNotMirrored(collection: string): string {
  return `note       ${collection} has no account handler: compared with the ledger only`;
}

function describeUnsettled({ collection, key }: DocumentName): string {
  return `unsettled  ${collection}/${key} went on changing, or the ledger is not complete up to it: is the worker running?`;
}

function describeDifference({ collection, key, kind, fields, witnesses, ledger }: DocumentDifference): string {
  const note = ledger === 'agrees' ? '' : `; ${LEDGER[ledger]}`;
  const saying = `says the ${witnesses.map((witness) => WITNESS[witness]).join(' and the ')}${note}`;
  const place = `${collection}/${key}`;
  switch (kind) {
    case 'missing':
      return `missing    ${place} should exist, ${saying}`;
    case 'orphaned':
      return `orphaned   ${place} should not exist, ${saying}`;
    case 'drift':
      return `drift      ${place}: ${describeFields(fields)} (${saying})`;
    case 'unrecorded': {
      const differing = fields.length > 0 ? ` (${fields.map(({ field }) => field).join(', ')})` : '';
      return `unrecorded ${place} is what the chain says${note}${differing}`;
    }
  }
}

const WITNESS = { chain: 'chain', ledger: 'ledger', settle: 'other documents' } as const;

const LEDGER = {
  'has-it-not': 'the chain has it, the ledger does not: its records are missing or not applied',
  'has-no-end': 'the chain has it no more, the ledger has no end of it: records are missing or not applied',
  'leads-elsewhere': "the ledger's records lead elsewhere: some are missing or not applied, or a handler is wrong",
} as const;

function describeFields(fields: readonly FieldDifference[]): string {
  return fields.map(({ field, expected, actual }) => `${field} is ${show(actual)}, not ${show(expected)}`).join('; ');
}

function show(value: FieldValue | undefined): string {
  if (value === undefined) return 'absent';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/**
 * What holds of the worker today: a document that is not there is folded from all its records at the next event of its
 * account; one that is there is only patched, a fact is written once, and a sweep looks again at the newest slots only.
 */
function nextStep(differences: readonly DocumentDifference[]): string {
  const steps: string[] = [];
  const some = (is: (difference: DocumentDifference) => boolean) => differences.some(is);
  const canBeFolded = ({ kind, ledger, witnesses }: DocumentDifference) =>
    (kind === 'drift' || kind === 'missing') && ledger === 'agrees' && !isByLedgerAlone(witnesses);
  if (some(canBeFolded)) {
    steps.push(
      some((difference) => difference.kind === 'drift' && canBeFolded(difference))
        ? "delete a drifted document: the worker folds what is not there from the ledger at its account's next event"
        : "the worker folds a missing document from the ledger at its account's next event",
    );
  }
  if (some(({ kind }) => kind === 'orphaned')) steps.push('delete what is orphaned');
  if (some(({ kind }) => kind === 'unrecorded')) steps.push('leave what is unrecorded: the document is right');
  if (
    some(({ kind, ledger, witnesses }) => ledger !== 'agrees' || (kind !== 'orphaned' && isByLedgerAlone(witnesses)))
  ) {
    steps.push(
      'facts (one event, one document) and records that the ledger lacks come back only in an empty database (another MONGODB_DATABASE), which the worker fills from the chain',
    );
  }
  return `next: ${steps.join('; ')}`;
}

/** Of documents that one event makes, only the ledger knows. */
function isByLedgerAlone(witnesses: readonly Witness[]): boolean {
  return witnesses.every((witness) => witness === 'ledger');
}
