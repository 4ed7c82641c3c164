import { mongo } from 'mongoose';
import { bulkAnswer, bulkBroken, bulkError, commandsOf, statementOf, sumOf } from './bulk-write.js';
import { NotCoveredError } from './errors.js';
import { compileFilter } from './filter.js';
import { createIndex, type IndexRequest } from './index-catalogue.js';
import { MemoryChangeStream } from './memory-change-stream.js';
import type { MemoryConnection } from './memory-connection.js';
import { AggregationCursor, FindCursor } from './memory-cursor.js';
import { checkOptions } from './options.js';
import type { Table } from './table.js';
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
    return options['batchSize'] === undefined ? cursor : cursor.batchSize(options['batchSize'] as number);
  }

  async findOne(filter: object = {}, options: Options = {}): Promise<Doc | null> {
    const [found] = await this.find(filter, options).limit(1).toArray();
    return found ?? null;
  }

  aggregate(stages: readonly Specification[], options: Options = {}): AggregationCursor {
    checkOptions(options, ['session', 'batchSize']);
    const cursor = new AggregationCursor(this.connection, this.#table, this.collectionName, options.session, stages);
    return options['batchSize'] === undefined ? cursor : cursor.batchSize(options['batchSize'] as number);
  }

  /** As the driver counts: with an aggregation. */
  async countDocuments(filter: object = {}, options: Options = {}): Promise<number> {
    checkOptions(options, ['session']);
    const count = () => compileFilter(filter);
    return this.connection.run(
      'aggregate',
      this.collectionName,
      options.session,
      (view) => this.#table().find(count(), view).length,
    );
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
