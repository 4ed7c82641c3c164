import { expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { deferEntering, planRelanding, planRollback } from '../../../src/recovery/plan-relanding.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';

/** A transaction of two events, as the ledger holds it once applied. */
const twoEvents = generateHistory(3, 60)
  .transactions.map(recordsOf)
  .find((records) => records.length === 2);
const [first, second] = (twoEvents ?? []).map((record): LedgerRecord => ({ ...record, state: 'applied' })) as [
  LedgerRecord,
  LedgerRecord,
];
const { signature } = first;
const plan = (held: readonly LedgerRecord[], landed: readonly LedgerRecord[]) =>
  planRelanding(coupons, signature, held, landed, 'a reason');
const ids = (records: readonly LedgerRecord[]) => records.map(({ _id }) => _id);

it('changes nothing when the chain says the same, and ends the dispute', () => {
  const change = plan([first, second], [first, second]);
  expect(change).toMatchObject({ withdraw: [], replace: [], insert: [], enter: [], orphan: { ids: [] } });
  expect(change.settledSignature).toBe(signature);
});

it('tells what stays how many events there are now: the sweep asks again for a transaction that is not whole', () => {
  expect(plan([first, second], [first, second]).renew).toEqual([]);
  expect(plan([first, second], [{ ...first, of: 1 }]).renew).toMatchObject([{ id: first._id, of: 1 }]);
  expect(plan([{ ...first, of: 1 }], [first, second]).renew).toMatchObject([{ id: first._id, of: 2 }]);
});

it('ends no dispute by a rollback: that is about another version (I5)', () => {
  expect(planRollback(coupons, signature, [first, second], 'a fork')).toEqual({
    ...plan([first, second], []),
    orphan: { ids: ids([first, second]), reason: 'a fork' },
    settledSignature: null,
  });
});

it('replaces what landed otherwise (TRAPS 15)', () => {
  const elsewhere = [first, second].map((record): LedgerRecord => ({
    ...record,
    slot: record.slot + 1,
    state: 'received',
  }));
  const change = plan([first, second], elsewhere);
  expect(ids(change.withdraw)).toEqual(ids([first, second]));
  expect(change.replace.map(({ old, landed }) => [old.slot, landed.slot, landed.state])).toEqual([
    [first.slot, first.slot + 1, 'applied'],
    [second.slot, second.slot + 1, 'applied'],
  ]);
  expect(ids(change.enter.map(({ record }) => record))).toEqual(ids([first, second]));
});

it('sees other bytes in the same slot as another version', () => {
  const change = plan([first], [{ ...first, raw: Uint8Array.of(1) }]);
  expect(ids(change.withdraw)).toEqual([first._id]);
  expect(change.replace).toHaveLength(1);
});

it('orphans what did not land, and brings in what only landed (torn insert)', () => {
  expect(plan([first, second], [second])).toMatchObject({ orphan: { ids: [first._id] }, insert: [], replace: [] });
  const change = plan([first], [first, second]);
  expect(ids(change.insert)).toEqual([second._id]);
  expect(ids(change.enter.map(({ record }) => record))).toEqual([second._id]);
});

it('takes out of the fold only what is in it', () => {
  const change = plan(
    [
      { ...first, state: 'dead' },
      { ...second, state: 'received' },
    ],
    [],
  );
  expect(change.withdraw).toEqual([]);
  expect(change.orphan.ids).toEqual(ids([first, second]));
  expect(plan([{ ...first, state: 'orphaned' }], []).orphan.ids).toEqual([]);
});

it('lets an orphaned event land again', () => {
  const change = plan([{ ...first, state: 'orphaned' }], [first]);
  expect(change.withdraw).toEqual([]);
  expect(change.replace).toHaveLength(1);
  expect(change.enter).toHaveLength(1);
});

it('leaves a version whose handler throws as received, to be tried like any other', () => {
  const change = plan([first], [{ ...first, slot: first.slot + 1, name: 'Unheard' }]);
  expect(ids(change.withdraw)).toEqual([first._id]);
  expect(change.replace[0]?.landed.state).toBe('received');
  expect(change.enter).toEqual([]);
});

it('can leave everything that enters as received, and still takes the old version out', () => {
  const change = deferEntering(plan([first], [{ ...first, slot: first.slot + 1 }, second]));
  expect(ids(change.withdraw)).toEqual([first._id]);
  expect([change.replace[0]?.landed.state, change.insert[0]?.state]).toEqual(['received', 'received']);
  expect(change.enter).toEqual([]);
});

it('remembers that what stays was compared with the finalized transaction, and never forgets it', () => {
  const final = { ...first, seenAs: 'finalized' as const };
  expect(plan([first], [final]).renew).toEqual([{ id: first._id, of: first.of, seenAs: 'finalized' }]);
  expect(plan([final], [first]).renew).toEqual([]);
});
