import { setImmediate } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { connectMongo } from '../../../src/store/mongo-connection.js';
import { MemoryServer } from '../../simulation/memory-mongo/memory-server.js';
import { createTestDatabase } from '../../support/test-database.js';

/** Who sends a command: nobody's session, or one of two. */
export type Sender = 'outside' | 0 | 1;

/** One thing to do, on whichever database it is. */
export type Command =
  | { readonly do: 'start' | 'commit' | 'abort' | 'kill'; readonly by: 0 | 1 }
  | {
      readonly do: 'call';
      readonly by: Sender;
      readonly method: 'insertOne' | 'insertMany' | 'updateOne' | 'updateMany' | 'replaceOne' | 'deleteOne';
      readonly args: readonly object[];
      readonly options?: object;
    }
  | {
      readonly do: 'call';
      readonly by: Sender;
      readonly method: 'deleteMany' | 'countDocuments' | 'bulkWrite';
      readonly args: readonly object[];
      readonly options?: object;
    }
  | {
      readonly do: 'find';
      readonly by: Sender;
      readonly filter: object;
      readonly options?: object;
      readonly sort?: Readonly<Record<string, 1 | -1>>;
    };

const COLLECTION = 'things';

/** A database with two sessions. */
interface Side {
  readonly db: mongo.Db;
  readonly sessions: readonly [mongo.ClientSession, mongo.ClientSession];
}

function sideOf(db: mongo.Db): Side {
  const session = () => db.client.startSession({ causalConsistency: false });
  return { db, sessions: [session(), session()] };
}

/** The real database and the one in memory, which answer the same commands. */
export async function openTwins() {
  const database = await createTestDatabase();
  const connection = await connectMongo(database.uri, database.name);
  let count = 0;

  /** Sends commands to both, one after another. Each answer is a pair that should be equal; so are the contents at the end. */
  async function run(commands: readonly Command[], indexes: readonly mongo.IndexDescription[] = []) {
    const collection = `${COLLECTION}_${(count += 1)}`;
    const server = new MemoryServer({ now: () => 0 });
    const sides = [sideOf(connection.db), sideOf(server.connect({ step: () => Promise.resolve() }))] as const;
    const [real, memory] = sides;
    for (const { db } of sides) {
      await db.createCollection(collection);
      if (indexes.length > 0) await db.collection(collection).createIndexes([...indexes]);
    }
    const pairs: { readonly command: unknown; readonly real: string; readonly memory: string }[] = [];
    const note = async (command: Command) => {
      let isSettled = false;
      const inMemory = answerOf(memory, collection, command).finally(() => (isSettled = true));
      await setImmediate();
      // It waits for a transaction, and so would the real one.
      if (!isSettled) for (const side of sides) await endAll(side);
      pairs.push({ command, memory: await inMemory, real: await answerOf(real, collection, command) });
    };
    for (const command of commands) await note(command);
    for (const side of sides) {
      await endAll(side);
      for (const session of side.sessions) await session.endSession();
    }
    await note({ do: 'find', by: 'outside', filter: {}, sort: { _id: 1 } });
    return { pairs, uncovered: server.uncovered };
  }

  return {
    run,
    close: async () => {
      await connection.close();
      await database.drop();
    },
  };
}

async function endAll({ sessions }: Side): Promise<void> {
  for (const session of sessions) if (session.inTransaction()) await session.abortTransaction();
}

async function answerOf(side: Side, collection: string, command: Command): Promise<string> {
  try {
    return textOf(await send(side, collection, command));
  } catch (error) {
    return textOf(errorView(error));
  }
}

async function send({ db, sessions }: Side, collection: string, command: Command): Promise<unknown> {
  switch (command.do) {
    case 'start':
      return sessions[command.by].startTransaction({
        readConcern: { level: 'snapshot' },
        writeConcern: { w: 'majority' },
      });
    case 'commit':
      return void (await sessions[command.by].commitTransaction());
    case 'abort':
      return void (await sessions[command.by].abortTransaction());
    case 'kill':
      await db.admin().command({ killSessions: [{ id: sessions[command.by].id?.id }] });
      return;
    case 'call': {
      const options = { ...command.options, ...sessionOf(sessions, command.by) };
      const target = db.collection(collection) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
      // Drivers write ids into what they are given.
      const args = structuredCloneBson(command.args);
      return countsOf(await target[command.method]?.(...args, options));
    }
    case 'find': {
      const options = { ...command.options, ...sessionOf(sessions, command.by) };
      const found = await db
        .collection(collection)
        .find(command.filter, options)
        .sort(command.sort ?? {})
        .toArray();
      return command.sort ? found : found.map((one) => textOf(one)).sort();
    }
  }
}

function sessionOf(sessions: Side['sessions'], by: Sender): { session?: mongo.ClientSession } {
  return by === 'outside' ? {} : { session: sessions[by] };
}

function structuredCloneBson(args: readonly object[]): unknown[] {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== 'object' || value === null || value instanceof Date || '_bsontype' in value) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copy(item)]));
  };
  return args.map(copy);
}

const COUNTS = [
  'insertedCount',
  'matchedCount',
  'modifiedCount',
  'deletedCount',
  'upsertedCount',
  'upsertedId',
  'upsertedIds',
];

/** What callers may look at of an answer. */
function countsOf(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(COUNTS.filter((name) => name in answer).map((name) => [name, Reflect.get(answer, name)]));
}

function errorView(error: unknown): unknown {
  if (error instanceof mongo.MongoBulkWriteError) {
    const failures = [error.writeErrors].flat().map(({ index, code }) => ({ index, code }));
    return { failed: error.name, code: error.code, failures, counts: countsOf(error) };
  }
  if (error instanceof mongo.MongoServerError) {
    return { failed: 'server', code: error.code, isTransient: error.hasErrorLabel('TransientTransactionError') };
  }
  if (error instanceof mongo.MongoError) return { failed: error.name, message: error.message };
  throw error;
}

/** Without the order of fields: MongoDB sets new ones in the order of their names, the Python server as they are written. */
function textOf(value: unknown): string {
  const text = mongo.BSON.EJSON.stringify({ value: value ?? null }, { relaxed: false });
  return JSON.stringify(JSON.parse(text), (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}
