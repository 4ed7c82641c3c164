import type { mongo } from 'mongoose';
import { olderThan, type TimePlace } from '../lib/older-than.js';
import { TRANSACTION_STATES, type ManagedTransaction, type TransactionState } from './managed-transaction.js';
import { transactionFrom, type StoredTransaction } from './transaction-store.js';

/** Which requests a list shows; what is left out narrows nothing. */
export interface TransactionFilter {
  readonly owner?: string;
  readonly states?: readonly TransactionState[];
  readonly signer?: string;
  readonly command?: string;
}

/** Requests, the newest first, from after `after` on. */
export async function listTransactions(
  db: mongo.Db,
  { states = TRANSACTION_STATES, ...equal }: TransactionFilter,
  limit: number,
  after: TimePlace | null,
): Promise<ManagedTransaction[]> {
  const stored = await db
    .collection<StoredTransaction>('managed_transactions')
    .find({
      ...equal,
      state: { $in: [...states] },
      ...olderThan(after),
    })
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit)
    .toArray();
  return stored.map(transactionFrom);
}
