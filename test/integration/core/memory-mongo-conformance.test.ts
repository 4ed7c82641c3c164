import fc from 'fast-check';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTwins, type Command, type Sender } from './memory-mongo-twins.js';

let twins: Awaited<ReturnType<typeof openTwins>>;
beforeAll(async () => {
  twins = await openTwins();
});
afterAll(() => twins.close());

/** The same commands in every run: other servers differ from MongoDB in places that no change of ours has to do with. */
const RUNS = {
  numRuns: Number(process.env['CONFORMANCE_RUNS'] ?? 100),
  seed: Number(process.env['CONFORMANCE_SEED'] ?? 1),
};
const UNIQUE = [{ key: { u: 1 }, name: 'u', unique: true, sparse: true }] as const;

async function expectAlike(
  commands: readonly Command[],
  indexes: readonly mongo.IndexDescription[] = [],
): Promise<void> {
  const { pairs, uncovered } = await twins.run(commands, indexes);
  expect(uncovered).toEqual([]);
  const inMemory = pairs.map(({ command, memory }) => ({ command, answer: memory }));
  expect(inMemory).toEqual(pairs.map(({ command, real }) => ({ command, answer: real })));
}

/** With secantusd-rs a value that a replacement takes out of a unique index stays taken; with MongoDB it is free. */
async function expectAlikeUnderIndex(commands: readonly Command[], isUnique: boolean): Promise<void> {
  const isReplacement = (command: Command): boolean => command.do === 'call' && command.method === 'replaceOne';
  if (isUnique)
    await expectAlike(
      commands.filter((command) => !isReplacement(command)),
      UNIQUE,
    );
  else await expectAlike(commands);
}

const ids = ['a', 'b', 'c', 'd'];
const id = fc.constantFrom(...ids);
const plain = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom('', 'a', 'B', '$5 off', 'ü', '😀', '\uffee'),
  fc.constantFrom(null, true, false, 1.5, new Date(5), new Date(-1)),
  fc.constantFrom('5', '1.5', '18446744073709551615').map((text) => mongo.Decimal128.fromString(text)),
  // Of one length: MongoDB compares that first, secantusd-rs the bytes.
  fc.constantFrom('xyz', 'zyx').map((text) => new mongo.Binary(Buffer.from(text))),
);
const value = fc.oneof(
  { weight: 4, arbitrary: plain },
  fc.array(plain, { maxLength: 3 }),
  fc.record({ x: plain, y: plain }, { requiredKeys: [] }),
);
const fields = fc.record(
  { n: fc.integer({ min: 0, max: 3 }), v: value, w: value, l: fc.array(fc.constantFrom('p', 'q', 'r')) },
  { requiredKeys: [] },
);
const document = fc
  .tuple(id, fields, fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }))
  .map(([_id, more, u]) => ({
    ...{ _id, ...more },
    ...(u === undefined ? {} : { u }),
  }));
const path = fc.constantFrom('v', 'w', 'n', 'v.x', 'l', 'missing');
const condition = fc.oneof(
  value,
  ...['$eq', '$ne'].map((operator) => value.map((operand) => ({ [operator]: operand }))),
  ...['$lt', '$lte', '$gt', '$gte'].map((operator) => plain.map((operand) => ({ [operator]: operand }))),
  ...['$in', '$nin'].map((operator) => fc.array(plain, { maxLength: 3 }).map((list) => ({ [operator]: list }))),
  fc.boolean().map((exists) => ({ $exists: exists })),
  fc.constantFrom('string', 'object', 'date').map((type) => ({ $type: type })),
  fc.constantFrom('string', 'object', 'date').map((type) => ({ $not: { $type: type } })),
  plain.map((operand) => ({ $not: { $gt: operand } })),
);
const byField: fc.Arbitrary<object> = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(path, condition).map(([name, one]) => ({ [name]: one })) },
  // A position in a list is only asked about as src/ does it.
  fc.boolean().map((exists) => ({ 'l.0': { $exists: exists } })),
);
const filter: fc.Arbitrary<object> = fc.oneof(
  byField,
  fc.tuple(byField, byField).map(([one, other]) => ({ $or: [one, other] })),
  fc.tuple(byField, byField).map(([one, other]) => ({ $and: [one, other] })),
  id.map((_id) => ({ _id })),
  fc.subarray(ids).map((several) => ({ _id: { $in: several } })),
);
const set = fc.record({ v: value, w: plain, u: fc.integer({ min: 0, max: 2 }), 'v.x': plain }, { requiredKeys: [] });
const isWhole = (changes: object) => !('v' in changes && 'v.x' in changes);
const update = fc.oneof(
  set.filter(isWhole).map(($set) => ({ $set })),
  fc.constant({ $inc: { count: 1 } }),
  plain.filter((member) => typeof member !== 'object').map((member) => ({ $addToSet: { members: member } })),
  fc.tuple(plain, fc.constantFrom('v', 'l')).map(([w, name]) => ({ $set: { w }, $unset: { [name]: '' } })),
  fc.tuple(plain, plain).map(([w, fresh]) => ({ $set: { w }, $setOnInsert: { fresh } })),
);
const by = fc.constantFrom<Sender[]>('outside', 0, 1);
const oneOf = fc.tuple(id, fc.option(byField, { nil: {} })).map(([_id, more]) => ({ _id, ...more }));

const writes = fc.oneof(
  fc.record({
    do: fc.constant('call' as const),
    by,
    method: fc.constant('insertOne' as const),
    args: document.map((one) => [one]),
  }),
  fc
    .record({
      ...{ do: fc.constant('call' as const), by, method: fc.constant('insertMany' as const) },
      args: fc.array(document, { minLength: 1, maxLength: 4 }).map((several) => [several]),
      options: fc.boolean().map((ordered) => ({ ordered })),
    })
    // What refuses one of them ends a transaction; whether the others are still looked at differs between servers.
    .map((call) => (call.by === 'outside' ? call : { ...call, options: { ordered: true } })),
  fc.record({
    ...{ do: fc.constant('call' as const), by, method: fc.constant('updateOne' as const) },
    args: fc.tuple(oneOf, update),
    options: fc.constantFrom({}, {}, { upsert: true }),
  }),
  fc.record({
    do: fc.constant('call' as const),
    by,
    method: fc.constant('updateMany' as const),
    args: fc.tuple(filter, update),
  }),
  fc.record({
    ...{ do: fc.constant('call' as const), by, method: fc.constant('replaceOne' as const) },
    // Always a change: with secantusd-rs a replacement that is none counts as one, with MongoDB it does not.
    args: fc.tuple(id, fields, fc.nat(), fc.nat(2)).map(([_id, more, stamp, u]) => [{ _id }, { ...more, stamp, u }]),
    options: fc.constantFrom({}, { upsert: true }),
  }),
  fc.record({
    do: fc.constant('call' as const),
    by,
    method: fc.constant('deleteOne' as const),
    args: oneOf.map((one) => [one]),
  }),
  fc.record({
    do: fc.constant('call' as const),
    by,
    method: fc.constant('deleteMany' as const),
    args: filter.map((one) => [one]),
  }),
  fc.record({
    ...{ do: fc.constant('call' as const), by, method: fc.constant('bulkWrite' as const) },
    args: fc
      .array(
        fc.oneof(
          document.map((one) => ({ insertOne: { document: one } })),
          fc
            .tuple(id, update)
            .map(([_id, change]) => ({ updateOne: { filter: { _id }, update: change, upsert: true } })),
          id.map((_id) => ({ deleteOne: { filter: { _id } } })),
        ),
        { minLength: 1, maxLength: 4 },
      )
      .map((several) => [several]),
    options: fc.boolean().map((ordered) => ({ ordered })),
  }),
);
const reads = fc.oneof(
  fc.record({ do: fc.constant('find' as const), by, filter }),
  fc.record({
    ...{ do: fc.constant('find' as const), by, filter },
    sort: fc
      .tuple(fc.constantFrom('v', 'n', 'l', 'missing'), fc.constantFrom<(1 | -1)[]>(1, -1))
      .map(([name, way]) => ({
        ...{ [name]: way, _id: 1 as const },
      })),
    options: fc.constantFrom({}, { limit: 2 }, { projection: { v: 1 } }, { projection: { _id: 1 } }, { batchSize: 1 }),
  }),
  fc.record({
    do: fc.constant('call' as const),
    by,
    method: fc.constant('countDocuments' as const),
    args: filter.map((one) => [one]),
  }),
);
const control = fc.record({
  do: fc.constantFrom<('start' | 'commit' | 'abort' | 'kill')[]>('start', 'start', 'commit', 'commit', 'abort', 'kill'),
  by: fc.constantFrom<(0 | 1)[]>(0, 1),
});

describe('the MongoDB in memory answers as the real one', () => {
  it('to reads and writes outside of transactions', async () => {
    const outside = fc.oneof(writes, reads).map((command): Command => ({ ...command, by: 'outside' }));
    await fc.assert(
      fc.asyncProperty(fc.array(outside, { minLength: 4, maxLength: 16 }), fc.boolean(), expectAlikeUnderIndex),
      RUNS,
    );
  });

  it('to transactions in two sessions, among others', async () => {
    const any: fc.Arbitrary<Command> = fc.oneof(writes, reads, control);
    await fc.assert(
      fc.asyncProperty(fc.array(any, { minLength: 6, maxLength: 24 }), fc.boolean(), expectAlikeUnderIndex),
      RUNS,
    );
  });

  const insert = (by: Sender, _id: string, more: object = {}): Command => ({
    ...{ do: 'call', by, method: 'insertOne', args: [{ _id, ...more }] },
  });
  const raise = (by: Sender, _id: string, name = 'n'): Command => ({
    ...{ do: 'call', by, method: 'updateOne', args: [{ _id }, { $inc: { [name]: 1 } }] },
  });
  const look = (by: Sender, _id: string): Command => ({ do: 'find', by, filter: { _id } });
  const change = (_id: string, made: object, options: object = {}): Command => {
    return { do: 'call', by: 'outside', method: 'updateOne', args: [{ _id }, made], options };
  };
  const push = (_id: string, one: string): Command => {
    return change(_id, { $push: { list: { $each: [one, `${one}2`], $slice: -3 } } }, { upsert: true });
  };
  const start = (by: 0 | 1): Command => ({ do: 'start', by });
  const commit = (by: 0 | 1): Command => ({ do: 'commit', by });

  it.each<[string, readonly Command[]]>([
    [
      'two writers of one document',
      [insert('outside', 'a'), start(0), raise(0, 'a'), start(1), raise(1, 'a'), commit(1), commit(0)],
    ],
    [
      'a write to what changed behind the snapshot',
      [
        insert('outside', 'a'),
        insert('outside', 'b'),
        start(0),
        look(0, 'b'),
        raise('outside', 'a'),
        look(0, 'a'),
        raise(0, 'a'),
        commit(0),
      ],
    ],
    [
      'an insert of what came behind the snapshot',
      [start(0), look(0, 'a'), insert('outside', 'a'), look(0, 'a'), insert(0, 'a'), commit(0)],
    ],
    ['one key, inserted by two', [start(0), insert(0, 'a'), start(1), insert(1, 'a'), commit(0), commit(1)]],
    [
      'an insert of a key whose document is being changed',
      [insert('outside', 'a'), start(0), raise(0, 'a'), start(1), insert(1, 'a'), insert('outside', 'a'), commit(0)],
    ],
    ['a write that has to wait', [insert('outside', 'a'), start(0), raise(0, 'a'), raise('outside', 'a')]],
    [
      'own writes, seen by their session only',
      [start(0), insert(0, 'a'), look(0, 'a'), look('outside', 'a'), commit(0), look('outside', 'a')],
    ],
    [
      'a duplicate inside',
      [insert('outside', 'a'), start(0), insert(0, 'b'), insert(0, 'a'), raise(0, 'b'), commit(0)],
    ],
    [
      'a killed session',
      [start(0), insert(0, 'a'), { do: 'kill', by: 0 }, look(0, 'a'), commit(0), start(0), insert(0, 'a'), commit(0)],
    ],
    ['a commit, twice', [start(0), insert(0, 'a'), commit(0), commit(0)]],
    ['a list that keeps its newest', ['x', 'y', 'z'].flatMap((one) => [push('a', one), look('outside', 'a')])],
    [
      'a push to what is no list',
      [change('a', { $set: { list: 'text' } }, { upsert: true }), push('a', 'x'), look('outside', 'a')],
    ],
    [
      'a pipeline that takes values from fields',
      [
        change('a', { $set: { n: 3, gone: 1 } }, { upsert: true }),
        change('a', [{ $set: { m: '$n', n: 7, gone: '$missing', at: new Date(5) } }, { $set: { o: '$n' } }]),
        change('a', [{ $set: { n: 7 } }]),
        change('b', [{ $set: { n: 7 } }]),
      ],
    ],
  ])('to %s', (_, commands) => expectAlike(commands));
});
