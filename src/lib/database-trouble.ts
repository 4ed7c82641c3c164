import { mongo } from 'mongoose';
import { isBrokenBulk } from './broken-bulk.js';

/** Of the driver's own classes those that say that no server could be asked, or not in time. */
const CLASSES = [
  ...[mongo.MongoNetworkError, mongo.MongoServerSelectionError, mongo.MongoNotConnectedError],
  ...[mongo.MongoTopologyClosedError, mongo.MongoServerClosedError, mongo.MongoClientClosedError],
  ...[mongo.MongoOperationTimeoutError, mongo.MongoWriteConcernError],
] as const;
/** Its classes that it does not export (mongodb/lib/cmap/errors.js). */
const NAMES: readonly string[] = ['MongoPoolClosedError', 'MongoWaitQueueTimeoutError'];
/** What the server or the driver marks as worth another try. */
const LABELS = [
  ...['RetryableWriteError', 'TransientTransactionError', 'UnknownTransactionCommitResult'],
  ...['RetryableError', 'SystemOverloadedError'],
] as const;
/**
 * A server that steps down, shuts down, cannot reach another one, or did not come to it in time
 * (mongodb/lib/error.js, RETRYABLE_READ_ERROR_CODES; MaxTimeMSExpired and WriteConcernFailed beside them).
 */
const CODES: readonly unknown[] = [6, 7, 50, 64, 89, 91, 134, 189, 262, 9_001, 10_107, 11_600, 11_602, 13_435, 13_436];

/** Whether an error says that the database does not answer now, and nothing of what it was asked. */
export function isDatabaseTrouble(error: unknown): boolean {
  if (!(error instanceof mongo.MongoError)) return false;
  if (CLASSES.some((trouble) => error instanceof trouble) || NAMES.includes(error.name)) return true;
  if (LABELS.some((label) => error.hasErrorLabel(label)) || CODES.includes(error.code)) return true;
  // A connection that is lost has no code; what the server refuses as a whole, such as a missing right, has one.
  return isBrokenBulk(error) && error.code === undefined;
}
