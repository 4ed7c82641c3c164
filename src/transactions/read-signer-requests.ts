import type { mongo } from 'mongoose';
import { troubleOf } from './judge-request.js';
import { TRANSACTION_STATES, type ManagedTransaction, type TransactionState } from './managed-transaction.js';
import { readRows } from './read-rows.js';
import { COUNTED_AT_MOST, type SignerView, type TroubledRequest } from './signer-view.js';
import { OPEN_STATES, transactionFrom, type StoredTransaction } from './transaction-store.js';

/** So many of the oldest open requests are looked at for trouble: what does not move is among them. */
const LOOKED_AT = 100;
const LANDED = ['confirmed', 'finalized'] as const;

/** Everybody who ever signed or is to sign. */
export async function readSignersOfRequests(db: mongo.Db): Promise<string[]> {
  return (await requestsOf(db).distinct('signer')) as string[];
}

/** Those of whom some are not at rest. */
export async function readSignersWithOpen(db: mongo.Db): Promise<string[]> {
  return (await requestsOf(db).distinct('signer', { state: { $in: [...OPEN_STATES] } })) as string[];
}

/** What a signer's requests say, as of `nowMs`. */
export async function readSignerRequests(
  db: mongo.Db,
  signer: string,
  nowMs: number,
): Promise<Pick<SignerView, 'requests' | 'oldestOpenAt' | 'oldestOpenMs' | 'troubled' | 'numbers' | 'lastLanded'>> {
  const [requests, oldest, numbers, lastLanded] = await Promise.all([
    countStates(db, signer),
    readOldestOpen(db, signer),
    readRows(db, signer),
    readLastLanded(db, signer),
  ]);
  const oldestOpenAt = oldest[0]?.createdAt ?? null;
  return {
    ...{ requests, numbers, lastLanded, oldestOpenAt },
    oldestOpenMs: oldestOpenAt && nowMs - oldestOpenAt.getTime(),
    troubled: oldest.flatMap((request) => troubledRequest(request, nowMs) ?? []),
  };
}

/** How many of a signer's requests are in one of these states and came before that time, up to `COUNTED_AT_MOST`. */
export function countRequests(
  db: mongo.Db,
  signer: string,
  states: readonly TransactionState[],
  before?: Date,
): Promise<number> {
  return requestsOf(db).countDocuments(
    { signer, state: { $in: [...states] }, ...(before ? { createdAt: { $lt: before } } : {}) },
    { limit: COUNTED_AT_MOST },
  );
}

/** The oldest requests of a signer that are not at rest. */
export async function readOldestOpen(
  db: mongo.Db,
  signer: string,
  limit = LOOKED_AT,
  states: readonly TransactionState[] = OPEN_STATES,
): Promise<ManagedTransaction[]> {
  const stored = await requestsOf(db)
    .find({ signer, state: { $in: [...states] } })
    .sort({ createdAt: 1, _id: 1 })
    .limit(limit)
    .toArray();
  return stored.map(transactionFrom);
}

async function countStates(db: mongo.Db, signer: string): Promise<Record<TransactionState, number>> {
  const counts = await Promise.all(
    TRANSACTION_STATES.map(async (state) => [state, await countRequests(db, signer, [state])] as const),
  );
  return Object.fromEntries(counts) as Record<TransactionState, number>;
}

async function readLastLanded(db: mongo.Db, signer: string): Promise<SignerView['lastLanded']> {
  const [stored] = await requestsOf(db)
    .find({ signer, state: { $in: [...LANDED] } })
    .sort({ createdAt: -1, _id: -1 })
    .limit(1)
    .toArray();
  if (!stored) return null;
  const { id, command, signature, slot, updatedAt } = transactionFrom(stored);
  return { id, command, signature, slot, at: updatedAt };
}

function troubledRequest(request: ManagedTransaction, nowMs: number): TroubledRequest | null {
  const trouble = troubleOf(request, nowMs);
  if (trouble === null) return null;
  const { id, command, state, createdAt } = request;
  return { id, command, state, createdAt, trouble };
}

function requestsOf(db: mongo.Db): mongo.Collection<StoredTransaction> {
  return db.collection<StoredTransaction>('managed_transactions');
}
