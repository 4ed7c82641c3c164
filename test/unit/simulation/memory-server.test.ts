import { mongo } from 'mongoose';
import { expect, it } from 'vitest';
import { inTransaction } from '../../../src/store/transactions.js';
import { connectionLost } from '../../simulation/memory-mongo/errors.js';
import { MemoryServer } from '../../simulation/memory-mongo/memory-server.js';

type Thing = { _id: string; n?: number };

/** A server with one process, whose steps `at` may refuse: the first step of a command is 'before', the second 'after'. */
function openServer(at: (command: string, place: 'before' | 'after') => void = () => undefined) {
  const time = { nowMs: 0 };
  const server = new MemoryServer({ now: () => time.nowMs });
  let isAfter = false;
  const db = server.connect({
    step: async (command) => {
      const place = isAfter ? 'after' : 'before';
      isAfter = !isAfter;
      try {
        at(command, place);
      } catch (error) {
        isAfter = false;
        throw error;
      }
    },
  });
  return { time, server, db, things: db.collection<Thing>('things') };
}

it('does nothing where a step is refused before, and everything where it is refused after', async () => {
  let refused: 'before' | 'after' | null = null;
  const { things } = openServer((command, place) => {
    if (command === 'insert' && place === refused) throw connectionLost();
  });
  refused = 'before';
  await expect(things.insertOne({ _id: 'a' })).rejects.toThrow('connection closed');
  refused = 'after';
  await expect(things.insertOne({ _id: 'b' })).rejects.toThrow('connection closed');
  expect(await things.find().toArray()).toEqual([{ _id: 'b' }]);
});

it.each(['before', 'after'] as const)(
  'commits once where the connection breaks %s a commit took effect',
  async (when) => {
    let left = 1;
    const { db, things } = openServer((command, place) => {
      if (command === 'commitTransaction' && place === when && left-- > 0) throw connectionLost();
    });
    let runs = 0;
    await inTransaction(db.client, async (session) => {
      runs += 1;
      await things.updateOne({ _id: 'a' }, { $inc: { n: 1 } }, { session, upsert: true });
    });
    expect([runs, await things.findOne({ _id: 'a' })]).toEqual([1, { _id: 'a', n: 1 }]);
  },
);

it('says that nobody knows what became of a commit whose answer is lost', async () => {
  const { db } = openServer((command, place) => {
    if (command === 'commitTransaction' && place === 'after') throw connectionLost();
  });
  const session = db.client.startSession();
  session.startTransaction();
  await db.collection<Thing>('things').insertOne({ _id: 'a' }, { session });
  const error = await session.commitTransaction().catch((reason: unknown) => reason);
  expect(error instanceof mongo.MongoError && error.hasErrorLabel('UnknownTransactionCommitResult')).toBe(true);
});

it('ends a transaction that grew too old, and lets go on who waited for it', async () => {
  const { time, server, db, things } = openServer();
  await things.insertOne({ _id: 'a', n: 0 });
  const session = db.client.startSession();
  session.startTransaction();
  await things.updateOne({ _id: 'a' }, { $set: { n: 9 } }, { session });
  const waiting = things.updateOne({ _id: 'a' }, { $inc: { n: 1 } });
  time.nowMs = 60_001;
  expect(server.openTransactions).toBe(1);
  server.expireTransactions();
  await waiting;
  await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 });
  expect(await things.findOne()).toEqual({ _id: 'a', n: 1 });
});

it('does nothing more for a process that died', async () => {
  const { server, things } = openServer();
  const death = new AbortController();
  const dying = server.connect({ step: async () => death.abort(), dead: death.signal });
  let isAnswered = false;
  void dying
    .collection<Thing>('things')
    .insertOne({ _id: 'a' })
    .finally(() => (isAnswered = true));
  expect([await things.countDocuments(), isAnswered]).toEqual([0, false]);
});

it('tells of each change that was asked for, once it is committed', async () => {
  const { db, things } = openServer();
  const seen: unknown[] = [];
  const stream = things.watch([{ $match: { 'documentKey._id': 'a' } }]);
  stream.on('change', (change) => seen.push((change as { documentKey: unknown }).documentKey));
  await things.countDocuments();
  await inTransaction(db.client, async (session) => {
    await things.insertOne({ _id: 'a' }, { session });
    expect(seen).toEqual([]);
  });
  await things.insertOne({ _id: 'b' });
  await things.countDocuments();
  expect(seen).toEqual([{ _id: 'a' }]);
});

it('gives copies: nobody changes what is stored by changing what they got', async () => {
  const { db } = openServer();
  const things = db.collection<{ _id: string; list: number[] }>('things');
  await things.insertOne({ _id: 'a', list: [1] });
  (await things.findOne())?.list.push(2);
  expect(await things.findOne()).toEqual({ _id: 'a', list: [1] });
});

it.each<[string, object]>([
  ['operator', { n: { $mod: [2, 0] } }],
  ['clause', { $where: 'true' }],
])('does not let a filter %s pass that it does not know, and remembers it', async (_, filter) => {
  const { server, things } = openServer();
  await expect(things.findOne(filter)).rejects.toThrow('does not know');
  expect(server.uncovered).toHaveLength(1);
});

it.each<[string, (things: { rename(name: string): unknown; find(): { explain(): unknown } }) => unknown]>([
  ['method of a collection', (things) => things.rename('other')],
  ['method of a cursor', (things) => things.find().explain()],
])('remembers a %s that it does not have: code that goes on after any error would hide it', async (_, ask) => {
  const { server, things } = openServer();
  expect(() => ask(things as never)).toThrow('does not know');
  expect(server.uncovered).toHaveLength(1);
});

it('remembers an option that it does not know', async () => {
  const { server, things } = openServer();
  await expect(things.countDocuments({}, { skip: 1 })).rejects.toThrow('does not know');
  expect(server.uncovered).toHaveLength(1);
});

it('changes the first of those that match, in the order that is asked for', async () => {
  const { things } = openServer();
  await things.insertMany([
    { _id: 'a', n: 2 },
    { _id: 'b', n: 1 },
  ]);
  const options = { sort: { n: 1 }, returnDocument: 'after' } as const;
  expect(await things.findOneAndUpdate({ n: { $gt: 0 } }, { $set: { n: 5 } }, options)).toEqual({ _id: 'b', n: 5 });
  expect(await things.findOneAndUpdate({ n: 7 }, { $set: { n: 5 } })).toBeNull();
  expect([await things.distinct('n'), await things.countDocuments({}, { limit: 1 })]).toEqual([[2, 5], 1]);
});

it('shows what is within a field where that alone is asked for', async () => {
  const { db } = openServer();
  const things = db.collection<{ _id: string; of: { a: number; b: number } }>('things');
  await things.insertOne({ _id: 'a', of: { a: 1, b: 2 } });
  expect(await things.find().project({ 'of.b': 1 }).toArray()).toEqual([{ _id: 'a', of: { b: 2 } }]);
});

it('asks of one and the same element of a list where it is asked so', async () => {
  const db = new MemoryServer({ now: () => 0 }).connect({ step: async () => undefined });
  const things = db.collection('things');
  await things.insertMany([{ names: ['a.one', 'c.two'] }, { names: ['b.one'] }, { names: 'b.one' }]);
  const found = await things.find({ names: { $elemMatch: { $gte: 'b.', $lt: 'b/' } } }).toArray();
  expect(found).toMatchObject([{ names: ['b.one'] }]);
});

it('shows of what it found and changed only what is asked for', async () => {
  const { things } = openServer();
  await things.insertOne({ _id: 'a', n: 1 });
  const options = { projection: { n: 1, _id: 0 } } as const;
  expect(await things.findOneAndUpdate({ _id: 'a' }, { $inc: { n: 1 } }, options)).toEqual({ n: 1 });
});

it.each([
  ['a push of the oldest', { $push: { list: { $each: [1], $slice: 2 } } }],
  ['a pipeline that computes', [{ $set: { n: { $add: ['$n', 1] } } }]],
  ['a pipeline that removes', [{ $unset: 'n' }]],
])('says that it does not know %s', async (_, update) => {
  const { things } = openServer();
  await things.insertOne({ _id: 'a', n: 1 });
  await expect(things.updateOne({ _id: 'a' }, update as object)).rejects.toThrow('does not know');
});
