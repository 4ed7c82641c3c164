import { mongo } from 'mongoose';
import { bulkAnswer, bulkBroken, bulkError, commandsOf, statementOf, sumOf } from './bulk-write.js';
import { compareValues, valueKey } from './compare.js';
import { NotCoveredError } from './errors.js';
import { compileFilter } from './filter.js';
import { createIndex, type IndexRequest } from './index-catalogue.js';
import { MemoryChangeStream } from './memory-change-stream.js';
import type { MemoryConnection } from './memory-connection.js';
import { AggregationCursor, FindCursor } from './memory-cursor.js';
import { onlyKnown } from './only-known.js';
import { checkOptions } from './options.js';
import { valuesAt } from './paths.js';
import { compileProjection } from './projection.js';
import { compileSort } from './sort.js';
import type { Entry, Table } from './table.js';
import { handOut, type Doc } from './values.js';
import { WriteCommand, type Statement, type WriteResult } from './write-command.js';

type Specification = Readonly<Record<string, unknown>>;
interface Options {
  readonly session?: unknown;
  readonly [name: string]: unknown;
}

/** A collection as the driver shows it: what src/ uses of it, and nothing else. */
export class MemoryCollection {
  constructor(
    readonly connection: MemoryConnection,
    readonly collectionName: string,
  ) {}

  readonly #table = (): Table => this.connection.server.table(this.collectionName);

  find(filter: object = {}, options: Options = {}): FindCursor {
    checkOptions(options, ['session', 'projection', 'batchSize', 'sort', 'limit']);
    const cursor = new FindCursor(this.connection, this.#table, this.collectionName, options.session, filter);
    cursor.project((options['projection'] as Specification | undefined) ?? {});
    cursor.sort((options['sort'] as Specification | undefined) ?? {});
    cursor.limit((options['limit'] as number | undefined) ?? 0);
    if (options['batchSize'] !== undefined) cursor.batchSize(options['batchSize'] as number);
    return onlyKnown(cursor, 'a cursor', this.connection.server);
  }

  async findOne(filter: object = {}, options: Options = {}): Promise<Doc | null> {
    const [found] = await this.find(filter, options).limit(1).toArray();
    return found ?? null;
  }

  aggregate(stages: readonly Specification[], options: Options = {}): AggregationCursor {
    checkOptions(options, ['session', 'batchSize']);
    const cursor = new AggregationCursor(this.connection, this.#table, this.collectionName, options.session, stages);
    if (options['batchSize'] !== undefined) cursor.batchSize(options['batchSize'] as number);
    return onlyKnown(cursor, 'a cursor', this.connection.server);
  }

  /** As the driver counts: with an aggregation. */
  async countDocuments(filter: object = {}, options: Options = {}): Promise<number> {
    checkOptions(options, ['session', 'limit']);
    const most = (options['limit'] as number | undefined) ?? Infinity;
    return this.connection.run('aggregate', this.collectionName, options.session, (view) =>
      Math.min(most, this.#table().find(compileFilter(filter), view).length),
    );
  }

  /** The values a path leads to, each once, members of arrays as values of their own; in ascending order. */
  async distinct(path: string, filter: object = {}, options: Options = {}): Promise<unknown[]> {
    checkOptions(options, ['session']);
    return this.connection.run('distinct', this.collectionName, options.session, (view) => {
      const table = this.#table();
      const values = table
        .find(compileFilter(filter), view)
        .flatMap((entry) => valuesAt(table.documentOf(entry, view) as Doc, path))
        .flatMap((value): unknown[] => (Array.isArray(value) ? value : [value]))
        .filter((value) => value !== undefined);
      const byKey = new Map(values.map((value) => [valueKey(value), value]));
      return handOut([...byKey.values()].sort(compareValues));
    });
  }

  async estimatedDocumentCount(): Promise<number> {
    return this.connection.run('count', this.collectionName, undefined, () => this.#table().size);
  }

  async insertOne(document: object, options: Options = {}) {
    checkOptions(options, ['session']);
    await this.#one({ insertOne: { document } }, options);
    return { acknowledged: true, insertedId: (document as Doc)['_id'] };
  }

  async insertMany(documents: readonly object[], options: Options = {}) {
    const result = await this.bulkWrite(
      documents.map((document) => ({ insertOne: { document } })),
      options,
    );
    return {
      acknowledged: true,
      insertedCount: result.insertedCount,
      insertedIds: documents.map((one) => (one as Doc)['_id']),
    };
  }

  async updateOne(filter: object, update: object, { upsert, ...options }: Options = {}) {
    return updateAnswer(await this.#one({ updateOne: { filter, update, upsert } }, options));
  }

  async updateMany(filter: object, update: object, { upsert, ...options }: Options = {}) {
    return updateAnswer(await this.#one({ updateMany: { filter, update, upsert } }, options));
  }

  /** Changes the first document in the order asked for; the document as it is then, or as it was. Null: none matches. */
  async findOneAndUpdate(filter: object, update: object, options: Options = {}): Promise<Doc | null> {
    checkOptions(options, ['session', 'sort', 'projection', 'returnDocument']);
    const { sort = {}, projection = {}, returnDocument = 'before', session } = options;
    const project = compileProjection(projection as Specification) ?? ((document: Doc) => document);
    const statement = this.#statement({ updateOne: { filter, update } }, 0);
    const compare = compileSort(sort as Specification);
    const matching = compileFilter(filter);
    const { server } = this.connection;
    return this.connection.run('findAndModify', this.collectionName, session, (view) => {
      const table = this.#table();
      const found = table.find(matching, view);
      const documentOf = (entry: Entry) => table.documentOf(entry, view) as Doc;
      if (compare) found.sort((one, other) => compare(documentOf(one), documentOf(other)));
      const [entry] = found;
      if (!entry) return null;
      const before = documentOf(entry);
      const only = { ...statement, filter: compileFilter({ _id: before['_id'] }) } as Statement;
      const { failures } = new WriteCommand(table, [only], true, () => server.nextObjectId()).run(view);
      if (failures[0]) throw new mongo.MongoServerError({ message: failures[0].errmsg, code: failures[0].code });
      return handOut(project(returnDocument === 'after' ? documentOf(entry) : before));
    });
  }

  async replaceOne(filter: object, replacement: object, { upsert, ...options }: Options = {}) {
    return updateAnswer(await this.#one({ replaceOne: { filter, replacement, upsert } }, options));
  }

  async deleteOne(filter: object, options: Options = {}) {
    const { deleted } = await this.#one({ deleteOne: { filter } }, options);
    return { acknowledged: true, deletedCount: deleted };
  }

  async deleteMany(filter: object, options: Options = {}) {
    const { deleted } = await this.#one({ deleteMany: { filter } }, options);
    return { acknowledged: true, deletedCount: deleted };
  }

  async bulkWrite(operations: readonly object[], options: Options = {}) {
    checkOptions(options, ['session', 'ordered']);
    if (operations.length === 0)
      throw new mongo.MongoInvalidArgumentError('Invalid BulkOperation, Batch cannot be empty');
    const ordered = options['ordered'] !== false;
    const statements = operations.map((operation, index) => this.#statement(operation, index));
    const results: WriteResult[] = [];
    for (const command of commandsOf(statements, ordered)) {
      const result = await this.#write(command, ordered, options.session).catch((error: unknown) => {
        throw error instanceof mongo.MongoError ? bulkBroken(error, sumOf(results)) : error;
      });
      results.push(result);
      if (ordered && result.failures.length > 0) break;
    }
    const sum = sumOf(results);
    if (sum.failures.length > 0) throw bulkError(sum);
    return handOut(bulkAnswer(sum));
  }

  async createIndex(keys: Specification, options: Omit<IndexRequest, 'key'> = {}): Promise<string> {
    const [name] = await this.createIndexes([{ ...options, key: keys }]);
    return name as string;
  }

  async createIndexes(requests: readonly IndexRequest[]): Promise<string[]> {
    return this.connection.run('createIndexes', this.collectionName, undefined, () =>
      requests.map((request) => createIndex(this.#table(), request)),
    );
  }

  watch(stages: readonly Specification[] = [], options: Options = {}): MemoryChangeStream {
    checkOptions(options, ['maxAwaitTimeMS']);
    const [stage, ...more] = stages;
    if (more.length > 0 || (stage && Object.keys(stage).join() !== '$match'))
      throw new NotCoveredError('such a change stream');
    return new MemoryChangeStream(
      this.connection,
      this.collectionName,
      (stage?.['$match'] as object | undefined) ?? {},
    );
  }

  #statement(operation: object, index: number): Statement {
    return this.connection.noting(() => statementOf(operation, index, () => this.connection.server.nextObjectId()));
  }

  /** A command of one operation. */
  async #one(operation: object, options: Options): Promise<WriteResult> {
    checkOptions(options, ['session']);
    const result = await this.#write([this.#statement(operation, 0)], true, options.session);
    const [failure] = result.failures;
    if (failure) throw new mongo.MongoServerError({ message: failure.errmsg, code: failure.code, index: 0 });
    return result;
  }

  #write(statements: readonly Statement[], ordered: boolean, session: unknown): Promise<WriteResult> {
    const { server } = this.connection;
    const command = new WriteCommand(this.#table(), statements, ordered, () => server.nextObjectId());
    return this.connection.run((statements[0] as Statement).kind, this.collectionName, session, (view) => {
      const result = command.run(view);
      if (view && result.failures.length > 0) server.abort(view);
      return result;
    });
  }
}

function updateAnswer({ matched, modified, upserted: [upserted] }: WriteResult) {
  return {
    acknowledged: true,
    matchedCount: matched,
    modifiedCount: modified,
    upsertedCount: upserted ? 1 : 0,
    upsertedId: handOut(upserted?._id ?? null),
  };
}
