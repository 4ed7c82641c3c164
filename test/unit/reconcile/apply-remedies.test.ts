import { beforeEach, describe, expect, it } from 'vitest';
import type { AccountInfo } from '../../../src/chain/chain-port.js';
import type { OrphanWitness } from '../../../src/reconcile/known-events.js';
import { Comment, Listing, Sale } from '../../../src/domains/coupons/models.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import type { Model } from '../../../src/domain-kit/model.js';
import { firstOrderKeyOfSlot } from '../../../src/ledger/order-key.js';
import { applyRemedies } from '../../../src/reconcile/apply-remedies.js';
import type { DifferenceKind } from '../../../src/reconcile/audit-report.js';
import type { Judged } from '../../../src/reconcile/judge-doubts.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { couponsCodec } from '../../support/coupon-history-render.js';
import { addressOf, commentAccount, endpoint, openBench } from './reconcile-bench.js';

const ADDRESS = addressOf(1);
const SLOT = 50;

let bench: ReturnType<typeof openBench>;
beforeEach(() => {
  bench = openBench();
});

interface About {
  readonly key?: string;
  readonly info?: AccountInfo | null;
  /** Null: no account was read. */
  readonly slot?: number | null;
  readonly ledgerAgrees?: boolean;
}

function judged(
  model: Model,
  kind: DifferenceKind,
  { key = ADDRESS, info = null, slot = SLOT, ledgerAgrees = true }: About = {},
): Judged {
  const about = { program: 'coupons', collection: model.collection, key, ledger: 'agrees' as const, fields: [] };
  return {
    ...{ model, key, ledgerAgrees },
    reading: slot === null ? null : { slot, info, write: null, isUnreadable: false },
    difference: { ...about, kind, witnesses: ['chain', 'ledger'] },
  };
}

function apply(all: readonly Judged[], members: readonly OrphanWitness[] = [endpoint([]), endpoint([])], run = 'R') {
  const { db, clock } = bench;
  const commit = (body: Parameters<typeof inTransaction<void>>[1]) => inTransaction(db.client, body);
  return applyRemedies({ db, clock, members, run, commit, mayMarkFacts: true }, coupons, couponsCodec, all);
}

const repairs = async () => (await bench.of('repairs').find().toArray()).map(({ _id }) => _id);
const observations = () => bench.of('ledger_events').find().toArray();

describe('an orphan (003-9, I5)', () => {
  const orphan = judged(Comment, 'orphaned');
  const stored = async () => bench.of('comments').findOne({ _id: ADDRESS });
  beforeEach(() => bench.of('comments').insertOne({ _id: ADDRESS, text: 'hm' }));

  it('is marked and kept, where two endpoints lack its account', async () => {
    expect(await apply([orphan])).toEqual({ asked: [], marked: [orphan], unconfirmed: [] });
    const since = new Date(bench.clock.now());
    expect(await stored()).toEqual({
      ...{ _id: ADDRESS, text: 'hm' },
      _mooring: { orphaned: { since, slot: SLOT, run: 'R', reason: 'no-account' } },
    });
  });

  it.each([
    ['another has its account', [endpoint([]), endpoint([ADDRESS])]],
    ['another does not answer', [endpoint([]), endpoint('fails')]],
    ['none answers', [endpoint('fails'), endpoint('fails')]],
    ['there is none', []],
  ])('is left as it is where %s', async (_, members) => {
    expect(await apply([orphan], members)).toEqual({ asked: [], marked: [], unconfirmed: [orphan] });
    expect(await stored()).toEqual({ _id: ADDRESS, text: 'hm' });
  });

  it('is none where something newer than the account was written to it meanwhile', async () => {
    const _mooring = { at: firstOrderKeyOfSlot(SLOT + 1) };
    await bench.of('comments').updateOne({ _id: ADDRESS }, { $set: { _mooring } });
    await bench.of('ledger_events').insertOne({ _id: 'sig/log/0', touches: [`comments:${ADDRESS}`], state: 'applied' });
    expect((await apply([orphan])).unconfirmed).toEqual([orphan]);
    expect(await stored()).toMatchObject({ _mooring });
  });

  it('is marked where what says that it is newer is made up', async () => {
    const _mooring = { at: firstOrderKeyOfSlot(SLOT + 1) };
    await bench.of('comments').updateOne({ _id: ADDRESS }, { $set: { _mooring } });
    expect((await apply([orphan])).marked).toEqual([orphan]);
  });

  it.each(['x', null, 5])('is marked also where somebody put %o in the place of its mark', async (_mooring) => {
    await bench.of('comments').updateOne({ _id: ADDRESS }, { $set: { _mooring } });
    expect((await apply([orphan])).marked).toEqual([orphan]);
    expect(await stored()).toMatchObject({ _mooring: { orphaned: { reason: 'no-account' } } });
  });

  it.each([{ closed: true }, { orphaned: { reason: 'no-account', run: 'earlier' } }])(
    'is not marked where it does not count anyway: %o',
    async (_mooring) => {
      await bench.of('comments').updateOne({ _id: ADDRESS }, { $set: { _mooring } });
      expect((await apply([orphan])).marked).toEqual([]);
      expect(await stored()).toMatchObject({ _mooring });
    },
  );

  it('is none where it is gone meanwhile', async () => {
    await bench.of('comments').deleteOne({ _id: ADDRESS });
    expect((await apply([orphan])).marked).toEqual([]);
    expect(await stored()).toBeNull();
  });

  it('decides nothing any more: what it decided is computed anew', async () => {
    const promotion = addressOf(2);
    await bench.of('listings').insertOne({ _id: ADDRESS, promotion });
    await apply([judged(Listing, 'orphaned')]);
    expect(await repairs()).toEqual([`coupons|result|promotions|${promotion}`]);
  });

  it('of which no account says anything is marked without one', async () => {
    await bench.of('sales').insertOne({ _id: 'invented/log/0' });
    const fact = judged(Sale, 'orphaned', { key: 'invented/log/0', slot: null });
    expect((await apply([fact], [])).marked).toEqual([fact]);
    expect(await bench.of('sales').findOne({})).toMatchObject({
      _mooring: { orphaned: { reason: 'no-event', slot: 0 } },
    });
  });
});

describe('what the ledger lacks', () => {
  const unknown = (info: AccountInfo | null, slot = SLOT) =>
    judged(Comment, info === null ? 'unrecorded' : 'missing', { info, slot, ledgerAgrees: false });

  /** Where there is nobody else to ask. */
  const observe = (all: readonly Judged[]) => apply(all, [endpoint([])]);

  it('is unsettled where another endpoint says something else (I5)', async () => {
    const one = unknown(commentAccount('new'));
    expect(await apply([one])).toEqual({ asked: [], marked: [], unconfirmed: [one] });
    expect(await observations()).toEqual([]);
  });

  it('enters it as an observation, for whoever projects to take up', async () => {
    const one = unknown(commentAccount('new'));
    expect(await observe([one])).toEqual({ asked: [one], marked: [], unconfirmed: [] });
    expect(await observations()).toMatchObject([
      { _id: `account/${ADDRESS}/${SLOT}`, kind: 'observation', state: 'received', touches: [`comments:${ADDRESS}`] },
    ]);
    expect(await bench.of('comments').countDocuments()).toBe(0);
  });

  it('enters it once, however many passes see it before it is taken up, or while its handler refuses it', async () => {
    for (const state of ['received', 'dead']) {
      await observe([unknown(commentAccount('new'))]);
      await observe([unknown(commentAccount('new'), SLOT + 1)]);
      expect(await observations()).toHaveLength(1);
      await bench.of('ledger_events').updateMany({}, { $set: { state } });
    }
  });

  it('enters it anew where it says something else, or was taken up', async () => {
    await observe([unknown(commentAccount('new'))]);
    await observe([unknown(commentAccount('newer'), SLOT + 1)]);
    expect(await observations()).toHaveLength(2);
    await bench.of('ledger_events').updateMany({}, { $set: { state: 'applied' } });
    await observe([unknown(commentAccount('newer'), SLOT + 2)]);
    expect(await observations()).toHaveLength(3);
  });

  it('is left alone at the same slot, which was observed before', async () => {
    await observe([unknown(commentAccount('new'))]);
    await bench.of('ledger_events').updateMany({}, { $set: { state: 'applied' } });
    await observe([unknown(commentAccount('new'))]);
    expect(await observations()).toMatchObject([{ state: 'applied' }]);
  });

  it('is not told of an end that only one endpoint saw (I5)', async () => {
    await bench.of('comments').insertOne({ _id: ADDRESS });
    await apply([unknown(null)], [endpoint([]), endpoint([ADDRESS])]);
    expect(await observations()).toEqual([]);
    await apply([unknown(null)], [endpoint([]), endpoint([])]);
    expect(await observations()).toMatchObject([{ _id: `account/${ADDRESS}/${SLOT}`, data: null }]);
  });
});

it('asks for what the ledger leads to, and writes no document itself (I8)', async () => {
  await bench.of('comments').insertOne({ _id: ADDRESS, text: 'damaged' });
  const [drifted, missing] = [judged(Comment, 'drift'), judged(Sale, 'missing', { key: 'S/log/0', slot: null })];
  expect((await apply([drifted, missing])).asked).toEqual([drifted, missing]);
  expect(await repairs()).toEqual([`coupons|document|comments|${ADDRESS}`, 'coupons|fact|sales|S/log/0']);
  expect(await bench.of('comments').findOne({})).toEqual({ _id: ADDRESS, text: 'damaged' });
  expect(await observations()).toEqual([]);
});

it('does nothing about what is right', async () => {
  expect(await apply([{ ...judged(Comment, 'drift'), difference: null }])).toEqual({
    ...{ asked: [], marked: [], unconfirmed: [] },
  });
  expect(await repairs()).toEqual([]);
});
