import type { Commitment } from '../lib/commitment.js';
import type { ProgramRefusal } from './program-refusal.js';

/**
 * pending: known, nothing signed. signed: bytes are stored, perhaps sent. sent: handed to a node at least once.
 * confirmed, failed, expired: the chain has said which; `failed` and `expired` had no effect.
 */
export type TransactionState = 'pending' | 'signed' | 'sent' | 'confirmed' | 'failed' | 'expired';

/** One signed version. Its bytes never change and are never removed: they are how its fate can be proven (TRAPS 18). */
export interface Attempt {
  readonly signature: string;
  readonly wire: Uint8Array;
  readonly blockhash: string;
  readonly lastValidBlockHeight: number;
  readonly signedAt: Date;
  readonly firstSentAt: Date | null;
}

/** Where a document of the transaction's result is found. */
export interface DocumentReference {
  readonly collection: string;
  readonly key: string;
}

/** What the transaction makes or changes, known once it is built. */
export interface TransactionResult {
  /** The account the request was about. */
  readonly address: string;
  /** Every address by name; a list where there are several of a kind. */
  readonly addresses: Readonly<Record<string, string | readonly string[]>>;
  readonly documents: readonly DocumentReference[];
}

/** One request of a client and everything that was done for it. */
export interface ManagedTransaction {
  /** `<API key id>:<Idempotency-Key>`, or with a generated key when the client sent none. */
  readonly id: string;
  readonly owner: string;
  readonly command: string;
  /** sha256 of the canonical JSON of the request. */
  readonly bodyHash: string;
  readonly state: TransactionState;
  readonly attempts: readonly Attempt[];
  readonly result: TransactionResult | null;
  /** Where it landed, also when it failed there. */
  readonly slot: number | null;
  readonly commitment: Commitment | null;
  /** Why the chain said no. */
  readonly refusal: ProgramRefusal | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The version that stands for the request: the newest, as long as nothing is signed again. */
export function currentAttempt(transaction: ManagedTransaction): Attempt | undefined {
  return transaction.attempts.at(-1);
}
