import { afterEach, beforeEach, expect, it } from 'vitest';
import idl from '../../../idl/coupons.json' with { type: 'json' };
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';
import type { ProgramCodec } from '../../../src/decoding/types.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { countDeadItems, dismissDead, listDeadItems, readDeadItem } from '../../../src/ledger/dead-items.js';
import { deadLetters } from '../../../src/ledger/dead-letter.js';
import { readKnown } from '../../../src/ledger/read-records.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { Ingest } from '../../../src/pipeline/ingest.js';
import { retryDead } from '../../../src/recovery/dead-letter-retry.js';
import { documentsOfAccounts } from '../../support/coupon-history-oracle.js';
import { sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { idlWithout } from '../../support/coupon-idl-versions.js';
import { bySignature, openCoreBench, type CoreBench } from './core-bench.js';
import { interruptedDatabase } from './interrupted-database.js';

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

const history = generateHistory(11, 80);
/** The slot in which the program was upgraded: it emits no comments before. */
const NEWER = new Set(['PromotionRated', 'CommentAdded', 'CouponListed']);
const before = idlWithout(NEWER);
const everyProgram = { programs: ['coupons'], closed: false };

function ingestWith(codec: ProgramCodec, transactions: readonly HistoryTransaction[]): Ingest {
  return new Ingest(bench.ingestOf(bySignature(transactions)).dependencies, coupons, codec);
}

function retrying(ingest: Ingest, db = bench.db) {
  return { db, clock, ingestOf: (program: string) => (program === 'coupons' ? ingest : null), finalityDelayMs: 0 };
}

async function openIds(): Promise<string[]> {
  return (await listDeadItems(bench.db, everyProgram, 10_000)).map(({ id }) => id);
}

it('decodes what came after an upgrade once its IDL is installed, and ends where it would have (X-6, I1, I6)', async () => {
  const upgrade = history.transactions.find(({ events }) => events.some(({ name }) => NEWER.has(name)))?.slot ?? 0;
  const old = ingestWith(compileProgramCodec(before), history.transactions);
  await old.take(history.transactions.map(sweepNotice), 'finalized');
  const letters = history.transactions.flatMap(({ events }) => events.filter(({ name }) => NEWER.has(name))).length;
  expect(letters).toBeGreaterThan(10);
  expect(await countDeadItems(bench.db, everyProgram)).toEqual({ letter: letters, record: 0 });
  const work = await bench.takeLease();
  await bench.drain(bench.projectorOf(work));

  // The wrong slot for the end of the old IDL: what came in its slots is still not known.
  const last = history.transactions.at(-1)?.slot ?? 0;
  const tooLate = ingestWith(compileProgramCodec(idl, idl.address, [{ untilSlot: last, idl: before }]), []);
  const [some] = (await openIds()) as [string];
  expect(await retryDead(retrying(tooLate), some)).toMatchObject({ kind: 'still-dead', attempts: 1 });
  expect(await readDeadItem(bench.db, some)).toMatchObject({ attempts: 1, reason: 'unknown-discriminator' });

  const codec = compileProgramCodec(idl, idl.address, [{ untilSlot: upgrade - 1, idl: before }]);
  const ingest = ingestWith(codec, []);
  for (const id of await openIds()) {
    expect(await retryDead(retrying(ingest), id)).toEqual({ kind: 'recovered', events: 1 });
  }
  expect(await openIds()).toEqual([]);
  await bench.drain(bench.projectorOf(work));
  const { sales: _, ...states } = await bench.documents();
  expect(states).toEqual(documentsOfAccounts(history));
  const known = await readKnown(
    bench.db,
    'coupons',
    history.transactions.map(({ signature }) => signature),
  );
  for (const { signature } of history.transactions) expect(known.get(signature)?.whole, signature).toBe(true);
  const counts = await bench.records();
  for (const { signature, events } of history.transactions) {
    expect(counts.filter((record) => record.signature === signature).map(({ of }) => of)).toEqual(
      events.map(() => events.length),
    );
  }
});

/** One transaction of many events, of which most are unknown to the IDL that it is taken in with. */
const large: HistoryTransaction = {
  ...(history.transactions[30] as HistoryTransaction),
  events: history.transactions.slice(0, 12).flatMap(({ events }) => events),
};
const unknown = new Set(large.events.slice(1).map(({ name }) => name));
unknown.delete(large.events[0]?.name as never);

async function parkLarge(): Promise<string[]> {
  await ingestWith(compileProgramCodec(idlWithout(unknown)), [large]).take([sweepNotice(large)], 'finalized');
  return openIds();
}

it('a retry that stops between any two operations leaves the letter or the event, never both or none (I1)', async () => {
  const [id = ''] = await parkLarge();
  const ingest = ingestWith(compileProgramCodec(idl), []);
  for (let stopAt = 1; ; stopAt++) {
    const { db } = interruptedDatabase(bench.db, (operation) => {
      if (operation === stopAt) throw new Error('crash');
    });
    const outcome = await retryDead(retrying(ingest, db), id).catch((error: Error) => error.message);
    const letters = await deadLetters(bench.db).countDocuments({ _id: id });
    const records = await bench.records({ _id: id });
    expect(letters + records.length, `stopped before operation ${stopAt}`).toBe(1);
    if (outcome === 'crash' && records.length === 0) continue;
    expect(stopAt).toBeGreaterThan(6);
    expect(records).toMatchObject([{ state: 'received', source: 'retry' }]);
    return;
  }
});

it('two retries at once, of one letter or of two of a transaction, count as if they came one after the other', async () => {
  const ids = await parkLarge();
  expect(ids.length).toBeGreaterThan(4);
  const held = large.events.length - ids.length;
  const ingest = ingestWith(compileProgramCodec(idl), []);
  const outcomes = await Promise.all([...ids, ...ids].map((id) => retryDead(retrying(ingest), id)));
  expect(outcomes.filter(({ kind }) => kind === 'recovered')).toHaveLength(ids.length);
  expect(outcomes.filter(({ kind }) => kind === 'gone')).toHaveLength(ids.length);
  const records = await bench.records();
  expect(records).toHaveLength(held + ids.length);
  expect(new Set(records.map(({ of }) => of))).toEqual(new Set([large.events.length]));
});

it('a transaction that nobody had is fetched again, whole, and what it still cannot decode is kept (I1, I5)', async () => {
  const none = ingestWith(compileProgramCodec(idl), []);
  await none.park(sweepNotice(large), 'unknown-here');
  const [id = ''] = await openIds();
  expect(await retryDead(retrying(none), id)).toMatchObject({ kind: 'still-dead', reason: 'unavailable' });
  const some = ingestWith(compileProgramCodec(idlWithout(unknown)), [large]);
  const outcome = await retryDead(retrying(some), id);
  const left = await openIds();
  expect(outcome).toEqual({ kind: 'recovered', events: large.events.length - left.length });
  expect(left.length).toBeGreaterThan(4);
  expect(left).not.toContain(id);
  expect(await retryDead(retrying(some), id)).toEqual({ kind: 'gone' });
});

it('what is dropped is listed no more, is not brought back by a sweep, and can be taken back (003-6)', async () => {
  const [id = '', other = ''] = await parkLarge();
  expect(await dismissDead(bench.db, [id], 'alice', new Date())).toBe(1);
  expect(await dismissDead(bench.db, [id], 'bob', new Date())).toBe(0);
  await parkLarge();
  expect(await openIds()).not.toContain(id);
  expect(await openIds()).toContain(other);
  expect(await readDeadItem(bench.db, id)).toMatchObject({ dismissedBy: 'alice' });
  const all = await listDeadItems(bench.db, { ...everyProgram, closed: true }, 1_000);
  expect(all.map((item) => item.id)).toContain(id);
  expect(await retryDead(retrying(ingestWith(compileProgramCodec(idl), [])), id)).toMatchObject({ kind: 'recovered' });
});

it('an event whose handler failed for good is listed beside letters, dropped, and revived by a retry (003-6)', async () => {
  const ids = await parkLarge();
  const work = await bench.takeLease();
  const broken = { ...coupons, events: {} };
  for (let attempt = 0; attempt < 3; attempt++) await bench.drain(bench.projectorOf(work, { module: broken }));
  const records = large.events.length - ids.length;
  expect(await countDeadItems(bench.db, everyProgram)).toEqual({ letter: ids.length, record: records });
  const [dead] = await listDeadItems(bench.db, { ...everyProgram, reason: 'handler-failed' }, 10);
  expect(dead).toMatchObject({ kind: 'record', attempts: 3, detail: expect.stringContaining('no handler') as string });
  await dismissDead(bench.db, [dead?.id ?? ''], null, new Date());
  expect(await countDeadItems(bench.db, everyProgram)).toMatchObject({ record: records - 1 });
  const ingest = ingestWith(compileProgramCodec(idl), []);
  expect(await retryDead(retrying(ingest), dead?.id ?? '')).toEqual({ kind: 'revived' });
  expect(await bench.records({ _id: dead?.id })).toMatchObject([{ state: 'received' }]);
  expect((await bench.records({ _id: dead?.id }))[0]).not.toHaveProperty('dismissedAt');
});

it('pages without losing or repeating one, and filters by kind and reason', async () => {
  const ids = await parkLarge();
  await ingestWith(compileProgramCodec(idl), []).park(sweepNotice(history.transactions[3] as never), 'unknown-here');
  const seen: string[] = [];
  let after: readonly [number, string, 'letter' | 'record'] | null = null;
  for (;;) {
    const page: Awaited<ReturnType<typeof listDeadItems>> = await listDeadItems(bench.db, everyProgram, 2, after);
    const last = page.at(-1);
    if (!last) break;
    seen.push(...page.map(({ id }) => id));
    after = [last.slot, last.id, last.kind];
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toHaveLength(ids.length + 1);
  expect(await countDeadItems(bench.db, { ...everyProgram, reason: 'unavailable' })).toEqual({ letter: 1, record: 0 });
  expect(await countDeadItems(bench.db, { ...everyProgram, kind: 'record' })).toEqual({ letter: 0, record: 0 });
  expect(await countDeadItems(bench.db, { programs: ['other'], closed: true })).toEqual({ letter: 0, record: 0 });
});
