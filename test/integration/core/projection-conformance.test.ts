import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { field, type FieldValue } from '../../../src/domain-kit/field.js';
import { defineFact, defineState, type Model } from '../../../src/domain-kit/model.js';
import { storedRecord } from '../../../src/ledger/ledger-collections.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { fromStored, toStored } from '../../../src/lib/stored-value.js';
import type { DocumentChange } from '../../../src/pipeline/fold.js';
import { MongoProjection } from '../../../src/pipeline/mongo-projection.js';
import type { ProjectionTransaction } from '../../../src/pipeline/projection-transaction.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { InMemoryProjection } from '../../support/in-memory-projection.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { openCoreBench, type CoreBench } from './core-bench.js';

const Shop = defineState(
  'shops',
  { owner: field.text(), title: field.text(), price: field.u64(), count: field.integer() },
  { settled: { best: field.nullable(field.u64()) } },
);
/** A collection that people brought along, keyed by a field of theirs. */
const Branch = defineState('branches', { owner: field.text(), price: field.u64() }, { keyField: 'onChainAddress' });
const Deal = defineFact('deals', { price: field.u64(), at: field.time() });

interface Subject {
  run<T>(body: (tx: ProjectionTransaction) => Promise<T>): Promise<T>;
  putRecord(record: LedgerRecord): Promise<void>;
  /** As if other people had written it. */
  putForeign(model: Model, key: string, fields: Record<string, FieldValue>): Promise<void>;
  /** All fields, without mooring's notes. */
  read(model: Model): Promise<Record<string, Record<string, unknown>>>;
}

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

function inMemory(): Subject {
  const memory = new InMemoryProjection();
  return {
    run: (body) => body(memory),
    putRecord: async (record) => void memory.records.set(record._id, record),
    putForeign: async (model, key, fields) => {
      const before = memory.documents(model).get(key) ?? { fields: {}, at: null, closed: false };
      memory.documents(model).set(key, { ...before, fields: { ...before.fields, ...fields } });
    },
    read: async (model) => Object.fromEntries([...memory.documents(model)].map(([key, { fields }]) => [key, fields])),
  };
}

function inMongo(): Subject {
  const { client, db } = bench;
  const keyOf = (model: Model) => (model.kind === 'state' ? model.keyField : '_id');
  return {
    run: (body) => inTransaction(client, (session) => body(new MongoProjection(db, session))),
    putRecord: async (record) => void (await db.collection('ledger_events').insertOne(storedRecord(record) as never)),
    putForeign: async (model, key, fields) =>
      void (await db
        .collection(model.collection)
        .updateOne({ [keyOf(model)]: key }, { $set: toStored(fields) as object }, { upsert: true })),
    read: async (model) => {
      const documents = await db.collection(model.collection).find().toArray();
      return Object.fromEntries(
        documents.map((document) => {
          const { _mooring: _, _id: __, [keyOf(model)]: ___, ...fields } = document;
          return [String(document[keyOf(model)]), fromStored(fields) as Record<string, unknown>];
        }),
      );
    },
  };
}

const change = (at: string, set: DocumentChange['set'], options: Partial<DocumentChange> = {}): DocumentChange => ({
  ...{ at, set, reset: false, closed: false },
  ...options,
});
const put = (subject: Subject, model: typeof Shop | typeof Branch, key: string, one: DocumentChange | null) =>
  subject.run((tx) => tx.changeStates(model, new Map([[key, one]]), new Map()));

describe.each([
  ['memory', inMemory],
  ['MongoDB', inMongo],
] as const)('a projection in %s', (_, open) => {
  let subject: Subject;
  beforeEach(async () => {
    subject = open();
    await bench.db.createCollection('shops').catch(() => undefined);
    await bench.db.createCollection('branches').catch(() => undefined);
    await bench.db.createCollection('deals').catch(() => undefined);
  });

  it('stands where it was put, and shows owned fields only when asked', async () => {
    await put(subject, Shop, 'a', change('1', { owner: 'x', price: 2n ** 64n - 1n }));
    await subject.putForeign(Shop, 'a', { theirs: 'kept' });
    const [bare, full] = await subject.run(async (tx) => [
      await tx.standing(Shop, ['a', 'missing'], false),
      await tx.standing(Shop, ['a'], true),
    ]);
    expect(bare).toEqual(new Map([['a', { at: '1', closed: false, fields: {} }]]));
    expect(full?.get('a')).toEqual({ at: '1', closed: false, fields: { owner: 'x', price: 2n ** 64n - 1n } });
  });

  it('patches, resets, closes and removes owned fields, and leaves those of others alone (DESIGN: state writes)', async () => {
    await subject.putForeign(Shop, 'a', { theirs: '$5 off', title: 'stale' });
    expect(await subject.run((tx) => tx.standing(Shop, ['a'], false))).toEqual(
      new Map([['a', { at: null, closed: false, fields: {} }]]),
    );
    await put(subject, Shop, 'a', change('1', { owner: 'x', count: 1 }, { reset: true }));
    expect(await subject.read(Shop)).toEqual({ a: { owner: 'x', count: 1, theirs: '$5 off' } });
    await put(subject, Shop, 'a', change('2', { owner: 'y' }));
    await subject.run((tx) => tx.setResults(Shop, new Map([['a', { best: 5n }]])));
    expect(await subject.read(Shop)).toEqual({ a: { owner: 'y', count: 1, theirs: '$5 off', best: 5n } });
    await put(subject, Shop, 'a', change('3', {}, { reset: true, closed: true }));
    expect(await subject.read(Shop)).toEqual({ a: { theirs: '$5 off' } });
    expect((await subject.run((tx) => tx.standing(Shop, ['a'], true))).get('a')).toEqual({
      at: '3',
      closed: true,
      fields: {},
    });
    await put(subject, Shop, 'a', change('4', { title: 'again' }));
    await subject.run((tx) => tx.setResults(Shop, new Map([['a', { best: 7n }]])));
    await put(subject, Shop, 'a', null);
    expect(await subject.read(Shop)).toEqual({ a: { theirs: '$5 off' } });
    expect((await subject.run((tx) => tx.standing(Shop, ['a'], false))).get('a')?.at ?? null).toBeNull();
  });

  it('removes a document that was only ours', async () => {
    await put(subject, Shop, 'a', change('1', { owner: 'x' }));
    await put(subject, Shop, 'a', null);
    await put(subject, Shop, 'never there', null);
    expect(await subject.read(Shop)).toEqual({});
  });

  it('keeps text as it is, whatever it looks like (TRAPS 24)', async () => {
    const texts = ['$5 off', '$$ROOT', 'a.b', '$set', '{"$gt": 0}', '', '__proto__'];
    for (const text of texts) await put(subject, Shop, `key ${text}`, change('1', { owner: text, title: text }));
    expect(await subject.read(Shop)).toEqual(
      Object.fromEntries(texts.map((text) => [`key ${text}`, { owner: text, title: text }])),
    );
  });

  it('works on a collection with a key field of its own (X-7)', async () => {
    await subject.putForeign(Branch, 'known', { city: 'Bern' });
    await put(subject, Branch, 'known', change('1', { owner: 'x' }, { reset: true }));
    await put(subject, Branch, 'new', change('1', { owner: 'y', price: 3n }));
    expect(await subject.read(Branch)).toEqual({ known: { city: 'Bern', owner: 'x' }, new: { owner: 'y', price: 3n } });
    expect([...(await subject.run((tx) => tx.standing(Branch, ['known', 'new', 'no'], false))).keys()].sort()).toEqual([
      ...['known', 'new'],
    ]);
    await put(subject, Branch, 'known', null);
    await put(subject, Branch, 'new', null);
    expect(await subject.read(Branch)).toEqual({ known: { city: 'Bern' } });
  });

  it('asks by equality, in order and at most so many', async () => {
    const prices = [30n, 5n, 2n ** 64n - 1n, 7n];
    for (const [at, price] of prices.entries()) {
      await put(subject, Shop, `k${at}`, change('1', { owner: at === 3 ? 'other' : 'x', price }));
    }
    await put(subject, Shop, 'closed', change('1', {}, { reset: true, closed: true }));
    const ask = (where: Record<string, FieldValue>, direction: 1 | -1, limit: number) =>
      subject.run(async (tx) => {
        const answers = await tx.answers(Shop, new Map([['one', { where, sort: { price: direction }, limit }]]));
        return answers.get('one')?.map(({ price }) => price);
      });
    expect(await ask({ owner: 'x' }, 1, 2)).toEqual([5n, 30n]);
    expect(await ask({ owner: 'x' }, -1, 9)).toEqual([2n ** 64n - 1n, 30n, 5n]);
    expect(await ask({ price: 7n }, 1, 9)).toEqual([7n]);
    expect(await ask({ owner: 'nobody' }, 1, 9)).toEqual([]);
  });

  it('answers many questions as it answers each, however much there is to read', async () => {
    const owners = ['x', 'y', 'z', 'nobody'];
    const shops = Array.from({ length: 1_050 }, (_, at): [string, DocumentChange] => [
      `k${at}`,
      change('1', {
        owner: owners[at % 3] ?? '',
        title: `t${at % 2}`,
        price: BigInt((at * 7_919) % 100_003),
        count: at,
      }),
    ]);
    const asked = (where: (owner: string) => Record<string, FieldValue>, limit: number) =>
      new Map(owners.map((owner) => [owner, { where: where(owner), sort: { price: 1 as const }, limit }]));
    for (const [few, put] of [
      [shops.slice(0, 30), shops.slice(0, 30)],
      // More than is read at once: the questions are asked one by one.
      [shops, shops.slice(30)],
    ] as const) {
      await subject.run((tx) => tx.changeStates(Shop, new Map(put), new Map()));
      for (const where of [
        (owner: string) => ({ owner }),
        (owner: string) => ({ owner, title: 't1' }),
        (owner: string) => ({ owner, title: owner === 'x' ? 't1' : 't0' }),
      ]) {
        const answers = await subject.run((tx) => tx.answers(Shop, asked(where, 2)));
        for (const owner of owners) {
          const expected = few
            .map(([key, { set }]): Record<string, unknown> => ({ ...set, _key: key }))
            .filter((set) => Object.entries(where(owner)).every(([name, value]) => set[name] === value))
            .sort((one, other) => Number((one['price'] as bigint) - (other['price'] as bigint)))
            .slice(0, 2);
          expect(answers.get(owner)).toEqual(expected);
        }
      }
    }
  });

  it('writes results together with changes', async () => {
    const results = new Map([['a', { best: 3n }]]);
    const write = (at: string, set: DocumentChange['set'], options: Partial<DocumentChange> = {}) =>
      subject.run((tx) => tx.changeStates(Shop, new Map([['a', change(at, set, options)]]), results));
    await write('1', { owner: 'x', count: 1 });
    expect(await subject.read(Shop)).toEqual({ a: { owner: 'x', count: 1, best: 3n } });
    results.set('a', { best: 4n });
    await write('2', { owner: 'y' }, { reset: true });
    expect(await subject.read(Shop)).toEqual({ a: { owner: 'y', best: 4n } });
  });

  it('shows the results of documents that are ours and open, and no others', async () => {
    await put(subject, Shop, 'open', change('1', { owner: 'x' }));
    await put(subject, Shop, 'settled', change('1', { owner: 'x' }));
    await subject.run((tx) => tx.setResults(Shop, new Map([['settled', { best: 5n }]])));
    await put(subject, Shop, 'closed', change('1', {}, { reset: true, closed: true }));
    await subject.putForeign(Shop, 'theirs', { theirs: 1 });
    expect(await subject.run((tx) => tx.results(Shop, ['open', 'settled', 'closed', 'theirs', 'missing']))).toEqual(
      new Map<string, object>([
        ['open', { results: {}, fields: { owner: 'x' } }],
        ['settled', { results: { best: 5n }, fields: { owner: 'x' } }],
      ]),
    );
  });

  it('keeps facts by the id of their event', async () => {
    const at = new Date(1_000);
    await subject.run((tx) =>
      tx.putFacts(
        Deal,
        new Map([
          ['s/log/0', { price: 1n, at }],
          ['s/log/1', { price: 2n, at }],
        ]),
      ),
    );
    await subject.run((tx) => tx.putFacts(Deal, new Map([['s/log/0', { price: 3n, at }]])));
    expect(await subject.run((tx) => tx.facts(Deal, ['s/log/0', 'no']))).toEqual(
      new Map([['s/log/0', { price: 3n, at }]]),
    );
    await subject.run((tx) => tx.deleteFacts(Deal, ['s/log/0', 'no']));
    expect(await subject.read(Deal)).toEqual({ 's/log/1': { price: 2n, at } });
  });

  it('finds the applied records of a document, and no others', async () => {
    const records = generateHistory(11, 30).transactions.flatMap((transaction) => [...recordsOf(transaction)]);
    const states = ['applied', 'received', 'dead', 'orphaned'] as const;
    const stored = records.map((record, position): LedgerRecord => ({
      ...record,
      state: states[position % 4] ?? 'applied',
    }));
    for (const record of stored) await subject.putRecord(record);
    const touches = [...new Set(records.flatMap((record) => record.touches))].slice(0, 3);
    const expected = stored.filter(
      ({ state, touches: own }) => state === 'applied' && own.some((touch) => touches.includes(touch)),
    );
    const found = await subject.run((tx) => tx.history(touches));
    const byId = (one: LedgerRecord, other: LedgerRecord) => (one._id < other._id ? -1 : 1);
    expect([...found].sort(byId)).toEqual([...expected].sort(byId));
  });
});
