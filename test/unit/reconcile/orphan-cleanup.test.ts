import { beforeEach, describe, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import type { OrphanMark } from '../../../src/domain-kit/document-mark.js';
import type { OrphanWitness } from '../../../src/reconcile/known-events.js';
import { cleanupOrphans, ORPHAN_ARCHIVE } from '../../../src/reconcile/orphan-cleanup.js';
import { couponsCodec } from '../../support/coupon-history-render.js';
import { addressOf, endpoint, openBench } from './reconcile-bench.js';

const DAY_MS = 86_400_000;
const ADDRESS = addressOf(1);
const SLOT = 70;

let bench: ReturnType<typeof openBench>;
beforeEach(async () => {
  bench = openBench();
  await bench.of('comments').insertOne({ _id: ADDRESS, text: 'hm', _mooring: marked() });
});

function marked(reason: OrphanMark['reason'] = 'no-account', ageMs = DAY_MS, run = 'R'): { orphaned: OrphanMark } {
  return { orphaned: { since: new Date(bench.clock.now() - ageMs), slot: 50, reason, run } };
}

async function cleanup(
  members: readonly OrphanWitness[] = [endpoint([]), endpoint([])],
  options: { readonly graceMs?: number; readonly apply?: boolean } = {},
) {
  const { db, clock } = bench;
  const cleaned = await cleanupOrphans(
    { db, clock, members, chain: { slot: async () => SLOT } },
    coupons,
    couponsCodec,
    {
      ...{ graceMs: DAY_MS, apply: true, by: 'somebody', ...options },
    },
  );
  return cleaned.map(({ key, outcome }) => `${key.slice(0, 8)} ${outcome}`);
}

const name = ADDRESS.slice(0, 8);
const standing = () => bench.of('comments').findOne({ _id: ADDRESS });
const archived = () => bench.of(ORPHAN_ARCHIVE).find().toArray();

describe('a document that was marked as orphaned (003-9)', () => {
  it('is removed, and kept whole in the archive', async () => {
    expect(await cleanup()).toEqual([`${name} removed`]);
    expect(await standing()).toBeNull();
    expect(await archived()).toMatchObject([
      { collection: 'comments', key: ADDRESS, removedBy: 'somebody', document: { _id: ADDRESS, text: 'hm' } },
    ]);
  });

  it('stays while it is in grace, to the millisecond', async () => {
    await bench.of('comments').updateOne({}, { $set: { _mooring: marked('no-account', DAY_MS - 1) } });
    expect(await cleanup()).toEqual([`${name} in-grace`]);
    expect(await standing()).not.toBeNull();
  });

  it('stays where nothing is to be written, and says what would be done', async () => {
    expect(await cleanup(undefined, { apply: false })).toEqual([`${name} removed`]);
    expect(await standing()).not.toBeNull();
    expect(await archived()).toEqual([]);
  });

  it('stays where one endpoint has its account after all, and is asked to be written anew from its records (I5)', async () => {
    await bench.of('ledger_events').insertOne({ _id: 'S/log/0', state: 'applied', touches: [`comments:${ADDRESS}`] });
    expect(await cleanup([endpoint([]), endpoint([]), endpoint([ADDRESS])])).toEqual([`${name} alive`]);
    expect(await standing()).not.toBeNull();
    expect(await bench.of('repairs').find().toArray()).toMatchObject([{ kind: 'document', key: ADDRESS }]);
  });

  it('keeps its mark where no record says what it should hold: reconcile observes the account first (I5, I6)', async () => {
    expect(await cleanup([endpoint([ADDRESS]), endpoint([])])).toEqual([`${name} alive`]);
    expect(await standing()).toMatchObject({ _mooring: { orphaned: { run: 'R' } } });
    expect(await bench.of('repairs').find().toArray()).toEqual([]);
  });

  it.each([
    ['one does not answer', [endpoint([]), endpoint('fails')]],
    ['none answers', [endpoint('fails'), endpoint('fails')]],
  ])('stays where %s (I5)', async (_, members) => {
    expect(await cleanup(members)).toEqual([`${name} unconfirmed`]);
    expect(await standing()).not.toBeNull();
    expect(await archived()).toEqual([]);
  });

  it('stays where a newer write took the mark away while the endpoints were asked', async () => {
    const unmark = () => bench.of('comments').updateOne({ _id: ADDRESS }, { $set: { _mooring: { at: '1' } } });
    expect(await cleanup([endpoint([], unmark), endpoint([])])).toEqual([`${name} unconfirmed`]);
    expect(await standing()).toMatchObject({ text: 'hm' });
    expect(await archived()).toEqual([]);
  });

  it('stays where another pass has marked it anew meanwhile: its grace begins again', async () => {
    const again = () => bench.of('comments').updateOne({}, { $set: { _mooring: marked('no-account', 0, 'later') } });
    expect(await cleanup([endpoint([], again), endpoint([])])).toEqual([`${name} unconfirmed`]);
    expect(await standing()).not.toBeNull();
  });

  it('may be orphaned, come back and be orphaned again', async () => {
    await cleanup();
    await bench.of('comments').insertOne({ _id: ADDRESS, text: 'again', _mooring: marked('no-account', 2 * DAY_MS) });
    expect(await cleanup()).toEqual([`${name} removed`]);
    expect((await archived()).map(({ document }) => (document as { text: string }).text)).toEqual(['hm', 'again']);
  });
});

describe('a fact that was marked as orphaned (003-9)', () => {
  beforeEach(async () => {
    await bench.of('comments').deleteMany({});
    await bench.of('sales').insertOne({ _id: 'S/log/0', _mooring: marked('no-event') });
  });

  it('is removed without asking anybody, where it has no applied event', async () => {
    await bench.of('ledger_events').insertOne({ _id: 'S/log/0', state: 'orphaned' });
    expect(await cleanup([])).toEqual(['S/log/0 removed']);
  });

  it('stays where it has one by now, and is asked to be written anew', async () => {
    await bench.of('ledger_events').insertOne({ _id: 'S/log/0', state: 'applied' });
    expect(await cleanup([])).toEqual(['S/log/0 alive']);
    expect(await bench.of('repairs').find().toArray()).toMatchObject([{ kind: 'fact', key: 'S/log/0' }]);
  });
});
