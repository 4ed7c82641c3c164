import { describe, expect, it } from 'vitest';
import { Coupon, Promotion, Sale } from '../../../src/domains/coupons/models.js';
import type { Model } from '../../../src/domain-kit/model.js';
import type { DifferenceKind, Witness } from '../../../src/reconcile/audit-report.js';
import type { FinalReading } from '../../../src/reconcile/account-reading.js';
import type { Judged } from '../../../src/reconcile/judge-doubts.js';
import { remediesFor, type Remedy } from '../../../src/reconcile/remedies.js';

const KINDS: readonly DifferenceKind[] = ['missing', 'drift', 'orphaned', 'unrecorded'];
const WITNESSES: readonly (readonly Witness[])[] = [
  ['chain'],
  ['ledger'],
  ['settle'],
  ['chain', 'ledger'],
  ['chain', 'settle'],
  ['ledger', 'settle'],
  ['chain', 'ledger', 'settle'],
];
const READING: FinalReading = { slot: 7, info: null, write: null, isUnreadable: false };

function judged(
  model: Model,
  kind: DifferenceKind | null,
  witnesses: readonly Witness[],
  reading: FinalReading | null,
  ledgerAgrees: boolean,
): Judged {
  const about = { program: 'coupons', collection: model.collection, key: 'A' };
  const difference = kind && { ...about, kind, fields: [], witnesses, ledger: 'agrees' as const };
  return { model, key: 'A', reading, difference, ledgerAgrees };
}

/** Everything that can be judged of a document, by what it is. */
const everything = [Coupon, Promotion, Sale].flatMap((model) =>
  KINDS.flatMap((kind) =>
    WITNESSES.flatMap((witnesses) =>
      [null, READING].flatMap((reading) =>
        [true, false].map((ledgerAgrees) => judged(model, kind, witnesses, reading, ledgerAgrees)),
      ),
    ),
  ),
);

/** What of everything is put right by this remedy. */
const those = (remedy: Remedy) => everything.filter((one) => remediesFor(one).includes(remedy));

describe('over everything that can be judged (003-9)', () => {
  it('marks orphans, by nothing else, and nothing else', () => {
    for (const one of everything) {
      if (one.difference?.kind === 'orphaned') expect(remediesFor(one)).toEqual(['mark']);
      else expect(remediesFor(one)).not.toContain('mark');
    }
  });

  it('writes a fact anew from its event, which no account knows of', () => {
    for (const one of everything.filter(({ model }) => model.kind === 'fact')) {
      expect(remediesFor(one)).toEqual(one.difference?.kind === 'orphaned' ? ['mark'] : ['rewrite']);
    }
    expect(those('rewrite').every(({ model }) => model.kind === 'fact')).toBe(true);
  });

  it('observes an account only where it was read and the ledger does not lead to it', () => {
    for (const one of those('observe')) {
      expect(one.reading).not.toBeNull();
      expect(one.ledgerAgrees && one.difference?.kind !== 'unrecorded').toBe(false);
    }
  });

  it('leaves nothing that is wrong without a remedy, but what only the ledger lacks and no account can tell it', () => {
    const without = everything.filter((one) => remediesFor(one).length === 0);
    for (const { difference, reading, ledgerAgrees } of without) {
      const isUnrecorded = difference?.kind === 'unrecorded' && reading === null;
      // A drift that nobody but the other documents speak of is a result, and its remedy is asked for below.
      expect(isUnrecorded || (difference?.kind === 'drift' && ledgerAgrees), JSON.stringify(difference)).toBe(true);
    }
    expect(without.filter(({ difference }) => difference?.kind === 'drift')).toEqual([]);
  });

  it('computes a result anew exactly where the other documents say so', () => {
    for (const one of everything) {
      const { difference, model } = one;
      const isAsked = model.kind === 'state' && difference?.witnesses.includes('settle') === true;
      const isOpen = difference?.kind === 'missing' || difference?.kind === 'drift';
      expect(remediesFor(one).includes('resettle')).toBe(isAsked && isOpen);
    }
  });
});

it.each<[string, DifferenceKind, readonly Witness[], FinalReading | null, boolean, readonly Remedy[]]>([
  ['a changed field that chain and ledger both know', 'drift', ['chain', 'ledger'], READING, true, ['refold']],
  ['a changed field that the ledger knows otherwise', 'drift', ['chain'], READING, false, ['observe']],
  ['and one that the ledger alone decides', 'drift', ['chain', 'ledger'], READING, false, ['observe', 'refold']],
  ['a field that no account decides', 'drift', ['ledger'], READING, true, ['refold']],
  ['a wrong result', 'drift', ['settle'], READING, true, ['resettle']],
  ['a wrong result in a wrong document', 'drift', ['chain', 'settle'], READING, true, ['refold', 'resettle']],
  ['a deleted document', 'missing', ['chain', 'ledger'], READING, true, ['refold']],
  ['an account nobody heard of', 'missing', ['chain'], READING, false, ['observe']],
  ['a deleted document of no account', 'missing', ['ledger'], null, true, ['refold']],
  ['a right document the ledger leads elsewhere for', 'unrecorded', ['ledger'], READING, false, ['observe']],
  ['a right document nothing can be read for', 'unrecorded', ['ledger'], null, true, []],
  ['an invented document', 'orphaned', ['chain', 'ledger'], READING, true, ['mark']],
  ['a document whose end the ledger lacks', 'orphaned', ['chain'], READING, false, ['mark']],
])('%s', (_, kind, witnesses, reading, ledgerAgrees, remedies) => {
  expect(remediesFor(judged(Coupon, kind, witnesses, reading, ledgerAgrees))).toEqual(remedies);
});

it('leaves what is right', () => {
  expect(remediesFor(judged(Coupon, null, [], READING, false))).toEqual([]);
});
