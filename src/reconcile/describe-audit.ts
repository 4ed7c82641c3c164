import type { FieldDifference } from '../domain-kit/diff-document.js';
import type { FieldValue } from '../domain-kit/field.js';
import type { AuditReport, DocumentDifference, DocumentName, UnreadableAccount } from './audit-report.js';

/** An audit in lines for people: every difference named, then the verdict, then what to do where there is something. */
export function describeAudit(report: AuditReport): string[] {
  const { documents, drift, missing, orphaned, unrecorded, differences, unsettled, unreadable } = report;
  const open = [
    ...(unsettled.length > 0 ? [`${unsettled.length} unsettled`] : []),
    ...(unreadable.length > 0 ? [`${unreadable.length} not compared`] : []),
  ];
  const notes = [
    ...report.notMirrored.map(describeNotMirrored),
    ...(report.marked > 0 ? [describeMarked(report.marked)] : []),
    ...unsettled.map(describeUnsettled),
    ...unreadable.map(describeUnreadable),
  ];
  if (differences.length === 0) {
    const verdict =
      open.length === 0
        ? "all equal to the chain's accounts and to the ledger"
        : `none found wrong, ${open.join(', ')}`;
    return [...notes, `audit: ${documents} documents, ${verdict}`];
  }
  const counts = [`${drift} drifted`, `${missing} missing`, `${orphaned} orphaned`];
  if (unrecorded > 0) counts.push(`${unrecorded} unrecorded`);
  counts.push(...open);
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

function describeMarked(marked: number): string {
  return `note       ${marked} documents are marked as orphaned and count for nothing: \`npm run cleanup-orphaned\` lists them`;
}

function describeUnsettled({ collection, key }: DocumentName): string {
  return `unsettled  ${collection}/${key} went on changing, or the ledger is not complete up to it: is the worker running?`;
}

function describeUnreadable({ program, address }: UnreadableAccount): string {
  return `unreadable ${address}: an account that the IDL and the handlers of ${program} cannot read; \`npm run doctor\` says more`;
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

/** Everything is put right by one command; what must not be removed unasked by another. */
function nextStep(differences: readonly DocumentDifference[]): string {
  const steps = ['`npm run reconcile-all` puts right what differs, through the ledger, and marks what is orphaned'];
  if (differences.some(({ kind }) => kind === 'orphaned')) {
    steps.push('`npm run cleanup-orphaned` removes what is marked');
  }
  if (differences.some(({ kind }) => kind === 'unrecorded')) {
    steps.push('what is unrecorded is right: only the ledger has to learn why');
  }
  return `next: ${steps.join('; ')}`;
}
