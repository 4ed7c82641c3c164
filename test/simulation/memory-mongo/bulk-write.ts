import { mongo } from 'mongoose';
import { NotCoveredError } from './errors.js';
import { compileFilter } from './filter.js';
import { checkOptions } from './options.js';
import { compilePipeline, compileUpdate, type Update } from './update.js';
import { takeIn, takeInDocument, type Doc } from './values.js';
import { emptyResult, type Statement, type WriteResult } from './write-command.js';

type Argument = Readonly<Record<string, unknown>>;

/** `{ insertOne: … }`, `{ updateOne: … }` and so on, made ready. @throws what a driver throws before it sends */
export function statementOf(operation: object, index: number, newId: () => unknown): Statement {
  const [[name, argument] = ['nothing', null], ...more] = Object.entries(operation) as [string, Argument][];
  if (more.length > 0 || !argument) throw new NotCoveredError('such a bulk operation');
  switch (name) {
    case 'insertOne':
      return { kind: 'insert', index, document: insertable(argument['document'] as Doc, newId) };
    case 'updateOne':
    case 'updateMany':
      return updateStatement(argument, index, updateOf(argument['update']), name === 'updateMany');
    case 'replaceOne':
      return updateStatement(argument, index, replacementOf(argument['replacement']), false);
    case 'deleteOne':
    case 'deleteMany':
      checkOptions(argument, ['filter']);
      return {
        kind: 'delete',
        index,
        filter: compileFilter(argument['filter'] as object),
        multi: name === 'deleteMany',
      };
    default:
      throw new NotCoveredError(`the bulk operation ${name}`);
  }
}

/** The driver writes the id it makes into the caller's document as well. */
function insertable(document: Record<string, unknown>, newId: () => unknown): Doc {
  document['_id'] ??= newId();
  return takeInDocument(document);
}

function updateStatement(argument: Argument, index: number, update: Update, multi: boolean): Statement {
  checkOptions(argument, ['filter', 'update', 'replacement', 'upsert']);
  const asked = takeIn(argument['filter']) as Doc;
  const filter = compileFilter(argument['filter'] as object);
  return { kind: 'update', index, filter, asked, update, multi, upsert: argument['upsert'] === true };
}

function updateOf(update: unknown): Update {
  if (Array.isArray(update)) return compilePipeline(takeIn(update) as readonly unknown[]);
  const taken = takeIn(update) as Doc;
  const names = Object.keys(taken);
  if (names.length === 0 || !names.every((name) => name.startsWith('$'))) {
    throw new mongo.MongoInvalidArgumentError('Update document requires atomic operators');
  }
  return compileUpdate(taken);
}

function replacementOf(replacement: unknown): Update {
  const document = takeInDocument(replacement as object);
  if (Object.keys(document).some((name) => name.startsWith('$'))) {
    throw new mongo.MongoInvalidArgumentError('Replacement document must not contain atomic operators');
  }
  return { kind: 'replacement', document };
}

/**
 * The commands that a driver makes of a bulk: one for each run of operations of a kind, or, where order does not matter,
 * one for each kind.
 */
export function commandsOf(statements: readonly Statement[], ordered: boolean): (readonly Statement[])[] {
  if (!ordered) {
    const kinds = ['insert', 'update', 'delete'] as const;
    return kinds.map((kind) => statements.filter((one) => one.kind === kind)).filter(({ length }) => length > 0);
  }
  const commands: Statement[][] = [];
  for (const statement of statements) {
    const last = commands.at(-1);
    if (last?.[0]?.kind === statement.kind) last.push(statement);
    else commands.push([statement]);
  }
  return commands;
}

/** Several commands' results as one. */
export function sumOf(results: readonly WriteResult[]): WriteResult {
  const sum = emptyResult();
  for (const { inserted, matched, modified, deleted, upserted, failures } of results) {
    sum.inserted += inserted;
    sum.matched += matched;
    sum.modified += modified;
    sum.deleted += deleted;
    sum.upserted.push(...upserted);
    sum.failures.push(...failures);
  }
  return sum;
}

/** As a driver gives it back. */
export function bulkAnswer(result: WriteResult) {
  return {
    ok: 1,
    insertedCount: result.inserted,
    matchedCount: result.matched,
    modifiedCount: result.modified,
    deletedCount: result.deleted,
    upsertedCount: result.upserted.length,
    upsertedIds: Object.fromEntries(result.upserted.map(({ index, _id }) => [index, _id])),
  };
}

type BulkErrorParameters = ConstructorParameters<typeof mongo.MongoBulkWriteError>;

/** What a driver throws of a bulk in which something was refused. */
export function bulkError(result: WriteResult): mongo.MongoBulkWriteError {
  const [first] = result.failures;
  const error = { message: first?.errmsg ?? 'write operation failed', code: first?.code, writeErrors: result.failures };
  return new mongo.MongoBulkWriteError(error as unknown as BulkErrorParameters[0], resultOf(result));
}

/** What a driver throws of a bulk one of whose commands failed as a whole, a broken connection included: labels stay. */
export function bulkBroken(error: mongo.MongoError, result: WriteResult): mongo.MongoBulkWriteError {
  return new mongo.MongoBulkWriteError(error, resultOf(result));
}

function resultOf(result: WriteResult): BulkErrorParameters[1] {
  return bulkAnswer(result) as unknown as BulkErrorParameters[1];
}
