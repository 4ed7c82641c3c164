import { describe, expect, it } from 'vitest';
import { Promotion } from '../../../src/domains/coupons/models.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { state } from '../../../src/domain-kit/writes.js';
import { touchOf, type LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { foldDocuments } from '../../../src/pipeline/fold-documents.js';
import { compareWithFold } from '../../../src/reconcile/audit-ledger.js';
import { judgeAgain, type AccountReading, type Look } from '../../../src/reconcile/judge-again.js';
import type { StoredDocument } from '../../../src/reconcile/stored-documents.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';

/** The promotion of which most was said, and what was said of it, in the chain's order. */
const { key, history } = ((): { key: string; history: LedgerRecord[] } => {
  const records = generateHistory(11, 120)
    .transactions.flatMap((transaction) => [...recordsOf(transaction)])
    .sort((one, other) => one.slot - other.slot);
  const prefix = touchOf(Promotion.collection, '');
  const counts = new Map<string, number>();
  for (const touch of records.flatMap(({ touches }) => touches)) {
    if (touch.startsWith(prefix)) counts.set(touch, (counts.get(touch) ?? 0) + 1);
  }
  const [busiest] = [...counts].sort(([, one], [, other]) => other - one);
  const touch = busiest?.[0] ?? '';
  return { key: touch.slice(prefix.length), history: records.filter(({ touches }) => touches.includes(touch)) };
})();
const slots = [...new Set(history.map(({ slot }) => slot))];

function foldOf(records: readonly LedgerRecord[]) {
  const touch = touchOf(Promotion.collection, key);
  return foldDocuments(coupons, new Set([touch]), records).get(touch) ?? null;
}

/** The document as these records make it, or as somebody else made it. */
function lookAt(records: readonly LedgerRecord[], document?: StoredDocument | null, isWaiting = false): Look {
  const change = foldOf(records);
  const made = change && !change.closed ? { key, fields: change.set } : null;
  const shown = document === undefined ? made : document;
  return {
    document: shown,
    history: records,
    isWaiting,
    isMarked: false,
    findings: compareWithFold(coupons, Promotion, key, shown, change),
  };
}

/** The account as it was after everything up to and including this slot. */
function accountAt(slot: number): AccountReading {
  const change = foldOf(history.filter((record) => record.slot <= slot));
  return { slot, write: change && !change.closed ? state(Promotion, key, change.set as never) : null };
}

const judge = (look: Look, account: AccountReading, isQuiet = false) =>
  judgeAgain(coupons, Promotion, key, look, account, isQuiet);

it('has a document that changes often enough to judge', () => {
  expect(slots.length).toBeGreaterThan(5);
});

describe('while the account changes (X-2)', () => {
  it('finds nothing wrong with a document that is ahead of the account as it was read', () => {
    for (const slot of slots)
      expect(judge(lookAt(history), accountAt(slot))).toEqual({ kind: 'settled', findings: [], ledgerAgrees: true });
  });

  it('leaves open what the ledger has not heard of yet, quiet or not while something waits', () => {
    const behind = history.filter(({ slot }) => slot < (slots.at(-1) ?? 0));
    const account = accountAt(slots.at(-1) ?? 0);
    expect(judge(lookAt(behind), account).kind).toBe('open');
    expect(judge(lookAt(behind, undefined, true), account, true).kind).toBe('open');
    expect(judge(lookAt(behind), account, true)).toMatchObject({ kind: 'settled', findings: [{ kind: 'drift' }] });
  });

  it('names a damaged field for both witnesses, whenever the account was read', () => {
    const { fields } = lookAt(history).document ?? { fields: {} };
    const damaged = { key, fields: { ...fields, title: 'damaged' } };
    for (const slot of slots) {
      expect(judge(lookAt(history, damaged), accountAt(slot))).toMatchObject({
        kind: 'settled',
        findings: [
          { witness: 'chain', kind: 'drift', fields: [{ field: 'title', actual: 'damaged' }] },
          { witness: 'ledger', kind: 'drift', fields: [{ field: 'title', actual: 'damaged' }] },
        ],
      });
    }
  });

  it('tells a missing document and an invented one', () => {
    expect(judge(lookAt(history, null), accountAt(slots[0] ?? 0))).toMatchObject({
      findings: [
        { witness: 'chain', kind: 'missing' },
        { witness: 'ledger', kind: 'missing' },
      ],
    });
    const invented = { key, fields: {} };
    expect(judge(lookAt([], invented), { slot: 5, write: null })).toMatchObject({
      findings: [
        { witness: 'chain', kind: 'orphaned' },
        { witness: 'ledger', kind: 'orphaned' },
      ],
    });
  });

  it('says of a document that is right, and that the ledger does not lead to, what the ledger says alone', () => {
    const last = slots.at(-1) ?? 0;
    const right = { key, fields: foldOf(history)?.set ?? {} };
    const verdict = judge(lookAt(history.slice(0, 3), right), accountAt(last), true);
    expect(verdict).toMatchObject({ kind: 'settled', findings: [{ witness: 'ledger', kind: 'drift' }] });
  });
});
