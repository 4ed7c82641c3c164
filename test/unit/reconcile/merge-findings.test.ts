import { describe, expect, it } from 'vitest';
import type { FieldDifference } from '../../../src/domain-kit/diff-document.js';
import { auditReport, type Finding, type Witness } from '../../../src/reconcile/audit-report.js';
import { describeAudit } from '../../../src/reconcile/describe-audit.js';
import { mergeFindings } from '../../../src/reconcile/merge-findings.js';

/** What coupons' accounts decide; sales are facts, of which the chain knows nothing. */
const MIRRORED = new Map([['coupons', new Set(['owner', 'status'])]]);
const owner: FieldDifference = { field: 'owner', expected: 'Ada', actual: 'Ben' };

function says(witness: Witness, kind: Finding['kind'], fields: readonly FieldDifference[] = [], at = 'coupons/A') {
  const [collection = '', key = ''] = at.split('/');
  return { program: 'coupons', collection, key, kind, fields, witness };
}

function told(...findings: Finding[]) {
  const differences = mergeFindings(findings, MIRRORED);
  return { ...auditReport(1, differences), lines: describeAudit(auditReport(1, differences)) };
}

describe('the audit (I6) names what both the chain and the ledger say', () => {
  it('a changed field, a deleted document, an invented one', () => {
    const { drift, missing, orphaned, unrecorded, lines } = told(
      says('chain', 'drift', [owner]),
      says('ledger', 'drift', [owner]),
      says('chain', 'missing', [], 'coupons/B'),
      says('ledger', 'missing', [], 'coupons/B'),
      says('ledger', 'orphaned', [], 'sales/C'),
    );
    expect({ drift, missing, orphaned, unrecorded }).toEqual({ drift: 1, missing: 1, orphaned: 1, unrecorded: 0 });
    expect(lines.slice(0, 4)).toEqual([
      'drift      coupons/A: owner is "Ben", not "Ada" (says the chain and the ledger)',
      'missing    coupons/B should exist, says the chain and the ledger',
      'orphaned   sales/C should not exist, says the ledger',
      'audit: 1 documents, 1 drifted, 1 missing, 1 orphaned',
    ]);
  });

  it('a wrong settled result', () => {
    expect(told(says('settle', 'drift', [owner])).lines[0]).toContain('(says the other documents)');
  });
});

describe('where the ledger lacks records, the audit (I6) says nothing false about the chain', () => {
  it('a changed field: the drift is named, and that the ledger does not have it', () => {
    const { differences, lines } = told(says('chain', 'drift', [owner]), says('ledger', 'orphaned'));
    expect(differences).toMatchObject([{ kind: 'drift', fields: [owner], witnesses: ['chain'], ledger: 'has-it-not' }]);
    expect(lines[0]).toBe(
      'drift      coupons/A: owner is "Ben", not "Ada" (says the chain; the chain has it, the ledger does not: its records are missing or not applied)',
    );
  });

  it('a right document is unrecorded, not orphaned', () => {
    const { differences, orphaned, lines } = told(says('ledger', 'orphaned'));
    expect(orphaned).toBe(0);
    expect(differences).toMatchObject([{ kind: 'unrecorded', witnesses: ['ledger'] }]);
    expect(lines[0]).toBe(
      'unrecorded coupons/A is what the chain says; the chain has it, the ledger does not: its records are missing or not applied',
    );
    expect(lines.at(-1)).toContain('what is unrecorded is right');
    expect(lines.at(-1)).not.toContain('cleanup');
  });

  it('a right document whose records lead to other values', () => {
    const { differences, lines } = told(says('ledger', 'drift', [{ field: 'owner', expected: 'Ben', actual: 'Ada' }]));
    expect(differences).toMatchObject([{ kind: 'unrecorded', ledger: 'leads-elsewhere' }]);
    expect(lines[0]).toContain("the ledger's records lead elsewhere");
  });

  it('a field that no account decides drifts by the ledger alone', () => {
    const note = { field: 'note', expected: 1, actual: 2 };
    expect(told(says('ledger', 'drift', [note])).differences).toMatchObject([
      { kind: 'drift', fields: [note], witnesses: ['ledger'], ledger: 'agrees' },
    ]);
  });

  it('a wrong field of which the ledger expects something else again', () => {
    const { differences } = told(
      says('chain', 'drift', [owner]),
      says('ledger', 'drift', [{ ...owner, expected: 'Eve' }]),
    );
    expect(differences).toMatchObject([
      { kind: 'drift', fields: [owner], witnesses: ['chain'], ledger: 'leads-elsewhere' },
    ]);
  });

  it('a missing document that only the chain knows, an orphaned one that the ledger still has', () => {
    const { lines } = told(says('chain', 'missing'), says('chain', 'orphaned', [], 'coupons/B'));
    expect(lines[0]).toContain('should exist, says the chain; the chain has it, the ledger does not');
    expect(lines[1]).toContain(
      'should not exist, says the chain; the chain has it no more, the ledger has no end of it',
    );
  });

  it('a document rightly gone whose end the ledger lacks', () => {
    expect(told(says('ledger', 'missing')).differences).toMatchObject([{ kind: 'unrecorded', ledger: 'has-no-end' }]);
    expect(told(says('ledger', 'missing', [], 'sales/C')).differences).toMatchObject([
      { kind: 'missing', ledger: 'agrees' },
    ]);
  });
});

describe('the next step', () => {
  it('puts right what differs by one command, and removes nothing unasked', () => {
    const missing = told(says('chain', 'missing'), says('ledger', 'missing')).lines.at(-1);
    expect(missing).toMatch(/^next: `npm run reconcile-all`/);
    expect(missing).not.toContain('cleanup');
    expect(told(says('ledger', 'orphaned', [], 'sales/C')).lines.at(-1)).toContain('npm run cleanup-orphaned');
  });

  it('says of orphans that are marked that they count for nothing', () => {
    expect(describeAudit(auditReport(1, [], { marked: 2 }))).toEqual([
      'note       2 documents are marked as orphaned and count for nothing: `npm run cleanup-orphaned` lists them',
      "audit: 1 documents, all equal to the chain's accounts and to the ledger",
    ]);
  });

  it('there is none where all is equal', () => {
    expect(told().lines).toEqual(["audit: 1 documents, all equal to the chain's accounts and to the ledger"]);
  });
});
