import type { mongo } from 'mongoose';
import type { Model } from '../domain-kit/model.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { ManagedTransaction } from '../transactions/managed-transaction.js';
import type { WriteState } from './command-answer.js';
import type { OwnTransactionDoor } from './ports.js';
import { readDocument } from './read-documents.js';

export interface WriteReaderDeps {
  readonly db: mongo.Db;
  readonly door: OwnTransactionDoor;
  readonly log: Log;
  /** By collection. */
  readonly models: ReadonlyMap<string, Model>;
}

/**
 * Brings the events of a confirmed transaction through the same door as all others and waits until its documents are
 * readable. Trouble on the way takes nothing back: the transaction is confirmed, and the listener finds it as well.
 */
export async function settleWrite(
  deps: WriteReaderDeps,
  transaction: ManagedTransaction,
  waitMs: number,
): Promise<WriteState> {
  const { state, signature } = transaction;
  if ((state !== 'confirmed' && state !== 'finalized') || signature === null) return { kind: 'unresolved' };
  try {
    if (transaction.slot !== null) await deps.door.ingest(signature, transaction.slot);
    if ((await deps.door.waitApplied(signature, waitMs)) === 'timeout') return { kind: 'not-readable-yet' };
    return { kind: 'readable', documents: await resultDocuments(deps, transaction) };
  } catch (error) {
    deps.log.warn(
      { transaction: transaction.id, signature, reason: messageOf(error) },
      'a confirmed write is not readable yet',
    );
    return { kind: 'not-readable-yet' };
  }
}

/** The documents a transaction made or changed, as they are now; null for one that was closed. */
export async function resultDocuments({ db, models }: WriteReaderDeps, transaction: ManagedTransaction) {
  return Promise.all(
    (transaction.result?.documents ?? []).map(async ({ collection, key }) => {
      const model = models.get(collection);
      return model ? readDocument(db, model, key) : null;
    }),
  );
}
