import type { FieldValue } from '../domain-kit/field.js';
import type { AuditReport, DocumentDifference } from './audit-report.js';

/** An audit in lines for people: every difference named, the verdict last. */
export function describeAudit(report: AuditReport): string[] {
  const { documents, drift, missing, orphaned, differences } = report;
  const verdict =
    differences.length === 0
      ? `audit: ${documents} documents, all equal to the chain's accounts and to the ledger`
      : `audit: ${documents} documents, ${drift} drifted, ${missing} missing, ${orphaned} orphaned`;
  return [...differences.map(describeDifference), verdict];
}

function describeDifference({ collection, key, kind, fields, witnesses }: DocumentDifference): string {
  const saying = `says the ${witnesses.map((witness) => WITNESS[witness]).join(' and the ')}`;
  const place = `${collection}/${key}`;
  if (kind === 'missing') return `missing   ${place} should exist, ${saying}`;
  if (kind === 'orphaned') return `orphaned  ${place} should not exist, ${saying}`;
  const changes = fields.map(({ field, expected, actual }) => `${field} is ${show(actual)}, not ${show(expected)}`);
  return `drift     ${place}: ${changes.join('; ')} (${saying})`;
}

const WITNESS = { chain: 'chain', ledger: 'ledger', settle: 'other documents' } as const;

function show(value: FieldValue | undefined): string {
  if (value === undefined) return 'absent';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
