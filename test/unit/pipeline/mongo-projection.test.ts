import type { mongo } from 'mongoose';
import { beforeEach, describe, expect, it } from 'vitest';
import { Comment, Sale } from '../../../src/domains/coupons/models.js';
import type { DocumentChange } from '../../../src/pipeline/fold.js';
import { MongoProjection } from '../../../src/pipeline/mongo-projection.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { MemoryServer } from '../../simulation/memory-mongo/memory-server.js';

const orphaned = { since: new Date(0), slot: 5, reason: 'no-account', run: 'R' };

let db: mongo.Db;
beforeEach(() => {
  db = new MemoryServer({ now: () => 0 }).connect({ step: () => Promise.resolve() });
});

type Stored = { _id: string } & Record<string, unknown>;
const of = (name: string) => db.collection<Stored>(name);

/** Writes as a projecting transaction does: looks first. */
const change = (what: Partial<DocumentChange>) =>
  inTransaction(db.client, async (session) => {
    const projection = new MongoProjection(db, session);
    await projection.standing(Comment, ['A'], false);
    const written = { at: '9', reset: false, closed: false, set: { text: 'new' }, ...what };
    await projection.changeStates(Comment, new Map([['A', written]]), new Map());
  });

describe('a document that was marked as orphaned', () => {
  beforeEach(() =>
    of('comments').insertOne({ _id: 'A', text: 'old', note: 'theirs', _mooring: { at: '5', orphaned } }),
  );

  it('is none any more once something newer is written to it (003-9)', async () => {
    await change({});
    expect(await of('comments').findOne({})).toEqual({ _id: 'A', text: 'new', note: 'theirs', _mooring: { at: '9' } });
  });

  it('is none any more once it is folded anew', async () => {
    await change({ reset: true });
    expect(await of('comments').findOne({})).toEqual({ _id: 'A', text: 'new', note: 'theirs', _mooring: { at: '9' } });
  });

  it('is a tombstone and no orphan once its end is known', async () => {
    await change({ reset: true, closed: true, set: {} });
    expect(await of('comments').findOne({})).toEqual({ _id: 'A', note: 'theirs', _mooring: { at: '9', closed: true } });
  });

  it('stands, as it is: only its mark is taken away', async () => {
    const standing = await inTransaction(db.client, (session) =>
      new MongoProjection(db, session).standing(Comment, ['A', 'B'], true),
    );
    expect(standing).toEqual(new Map([['A', { at: '5', closed: false, fields: { text: 'old' } }]]));
  });
});

it('a fact that was marked as orphaned is none any more once it is written anew', async () => {
  await of('sales').insertOne({ _id: 'S/log/0', buyer: 'Ada', _mooring: { orphaned } });
  await inTransaction(db.client, (session) =>
    new MongoProjection(db, session).putFacts(Sale, new Map([['S/log/0', { buyer: 'Ben' }]])),
  );
  expect(await of('sales').findOne({})).toEqual({ _id: 'S/log/0', buyer: 'Ben' });
});

it('an orphan decides over no result', async () => {
  await of('comments').insertMany([
    { _id: 'A', promotion: 'P', index: 1, _mooring: { orphaned } },
    { _id: 'B', promotion: 'P', index: 2 },
    { _id: 'C', promotion: 'Q', index: 3, _mooring: { orphaned } },
  ]);
  const ask = (promotions: readonly string[]) =>
    inTransaction(db.client, (session) =>
      new MongoProjection(db, session).answers(
        Comment,
        new Map(promotions.map((promotion) => [promotion, { where: { promotion }, sort: { index: 1 }, limit: 1 }])),
      ),
    );
  expect(await ask(['P'])).toEqual(new Map([['P', [{ promotion: 'P', index: 2, _key: 'B' }]]]));
  expect([...(await ask(['P', 'Q']))].map(([key, answer]) => [key, answer.length])).toEqual([
    ['P', 1],
    ['Q', 0],
  ]);
});
