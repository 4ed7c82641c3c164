import { mongo } from 'mongoose';

/** Something that this stand-in does not do as MongoDB does it, so it does not do it at all. */
export class NotCoveredError extends Error {
  override readonly name = 'NotCoveredError';
  constructor(what: string) {
    super(`The in-memory MongoDB does not know ${what}: extend test/simulation/memory-mongo.`);
  }
}

/** Thrown by a write outside of a transaction that meets what an open transaction has written; never seen by callers. */
export class BlockedError extends Error {
  constructor(readonly until: Promise<void>) {
    super('blocked by an open transaction');
  }
}

export const TRANSIENT = 'TransientTransactionError';
export const UNKNOWN_COMMIT = 'UnknownTransactionCommitResult';

export const CODES = {
  badValue: [2, 'BadValue'],
  failedToParse: [9, 'FailedToParse'],
  typeMismatch: [14, 'TypeMismatch'],
  pathNotViable: [28, 'PathNotViable'],
  conflictingUpdateOperators: [40, 'ConflictingUpdateOperators'],
  namespaceExists: [48, 'NamespaceExists'],
  immutableField: [66, 'ImmutableField'],
  indexOptionsConflict: [85, 'IndexOptionsConflict'],
  indexKeySpecsConflict: [86, 'IndexKeySpecsConflict'],
  writeConflict: [112, 'WriteConflict'],
  noSuchTransaction: [251, 'NoSuchTransaction'],
  duplicateKey: [11000, 'DuplicateKey'],
} as const;

/** An error as a server answers it. https://www.mongodb.com/docs/manual/reference/error-codes/ */
export function serverError(
  kind: keyof typeof CODES,
  message: string,
  labels: readonly string[] = [],
): mongo.MongoServerError {
  const [code, codeName] = CODES[kind];
  return new mongo.MongoServerError({ message, code, codeName, errorLabels: [...labels] });
}

export function writeConflict(): mongo.MongoServerError {
  return serverError('writeConflict', 'Caused by :: Write conflict during plan execution. Please retry.', [TRANSIENT]);
}

export function noSuchTransaction(): mongo.MongoServerError {
  return serverError('noSuchTransaction', 'The transaction has been aborted or was never begun.', [TRANSIENT]);
}

/** What a client sees of a command whose connection broke: for the `step` of a simulation to reject with. */
export function connectionLost(): mongo.MongoNetworkError {
  return new mongo.MongoNetworkError('connection closed');
}
