import type { Commitment } from '../lib/commitment.js';
import type { ProgramRefusal } from './program-refusal.js';

/**
 * prepared: bytes were handed out for a wallet to sign. pending: known, nothing that can land is signed. signed: bytes are
 * stored, perhaps sent. sent: handed to a node at least once. confirmed: landed, may still be dropped by a fork.
 * finalized: landed for good. failed, expired, cancelled: had no effect and never will have.
 */
export const TRANSACTION_STATES = [
  ...(['prepared', 'pending', 'signed', 'sent', 'confirmed'] as const),
  ...(['finalized', 'failed', 'expired', 'cancelled'] as const),
] as const;
export type TransactionState = (typeof TRANSACTION_STATES)[number];

/** Until when signed bytes can land: until a block height, or until a nonce account moves on. */
export type Lifetime =
  | { readonly kind: 'blockhash'; readonly blockhash: string; readonly lastValidBlockHeight: number }
  | {
      readonly kind: 'nonce';
      readonly account: string;
      readonly value: string;
      /** The finalized slot as of which the account had this value: what it was before that says nothing. */
      readonly asOfSlot: number;
    };

/** What an attempt offers to pay on top of the fee for its signatures. */
export interface AttemptFee {
  /** Compute units it may use; null: what the runtime gives by itself. */
  readonly unitLimit: number | null;
  /** Micro-lamports for each of them. */
  readonly unitPrice: number;
}

/** One signed version. Its bytes never change and are never removed: they are how its fate can be proven (TRAPS 18). */
export interface Attempt {
  readonly signature: string;
  readonly wire: Uint8Array;
  readonly lifetime: Lifetime;
  readonly fee: AttemptFee;
  readonly signedAt: Date;
  readonly firstSentAt: Date | null;
  readonly lastSentAt: Date | null;
  readonly sends: number;
  /** What a node said to the last send that none took; null when one did. */
  readonly error: string | null;
  /** When it was proven that it can never land. */
  readonly expiredAt: Date | null;
}

/** A version that nobody has sent yet. */
export function newAttempt(signed: Pick<Attempt, 'signature' | 'wire' | 'lifetime' | 'fee' | 'signedAt'>): Attempt {
  return { ...signed, firstSentAt: null, lastSentAt: null, sends: 0, error: null, expiredAt: null };
}

/** What was handed out for wallets to sign. */
export interface PreparedMessage {
  /** What is signed, to the byte. */
  readonly message: Uint8Array;
  /** Of the message: by which what comes back is found where it does not say which it is. */
  readonly hash: string;
  readonly lifetime: Lifetime;
  readonly fee: AttemptFee;
  /** Whose signatures have to come with it, base58; those of others the server adds. */
  readonly wallets: readonly string[];
  /** What the payer's balance changes by, in lamports, fee included, as it was simulated; null: not known. */
  readonly balanceChange: bigint | null;
}

/** An instruction as it is stored. */
export interface StoredInstruction {
  readonly programId: string;
  readonly keys: readonly { readonly pubkey: string; readonly isSigner: boolean; readonly isWritable: boolean }[];
  readonly data: Uint8Array;
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

/** A number chosen for a request, such as the id of a promotion. */
export interface Allocation {
  /** Of which row of numbers. */
  readonly counter: string;
  readonly index: bigint;
}

/** What an operator asked for; whoever holds the signer's lease does it. */
export const WISHES = ['cancel', 'bump', 'resubmit'] as const;
export type Wish = (typeof WISHES)[number];

/** One request of a client and everything that was done for it. */
export interface ManagedTransaction {
  /** `<API key id>:<Idempotency-Key>`, or with a generated key when the client sent none. */
  readonly id: string;
  readonly owner: string;
  readonly command: string;
  /** sha256 of the canonical JSON of the request. */
  readonly bodyHash: string;
  /** Parameters and body as JSON: what it is planned from again. */
  readonly request: string;
  /** Whose lease it is worked on under: who pays, or `WALLETS`. */
  readonly signer: string;
  readonly lifetime: Lifetime['kind'];
  readonly state: TransactionState;
  /** Refusals, by name, that mean: what it was planned from has changed meanwhile. */
  readonly races: readonly string[];
  /** Requests of the same turn are sent one after another; null: of none. */
  readonly turn: string | null;
  /** The row of numbers that one is taken of; null: none is needed. */
  readonly counter: string | null;
  readonly allocation: Allocation | null;
  /** What is to be signed. */
  readonly instructions: readonly StoredInstruction[];
  /** Null for a request that the server signs alone. */
  readonly prepared: PreparedMessage | null;
  readonly attempts: readonly Attempt[];
  /** Null until it is planned with the number it needs. */
  readonly result: TransactionResult | null;
  /** Where it landed, also when it failed there. */
  readonly slot: number | null;
  readonly commitment: Commitment | null;
  /** The attempt that landed. */
  readonly signature: string | null;
  /** Why the chain said no. */
  readonly refusal: ProgramRefusal | null;
  readonly wish: Wish | null;
  /** Of the lease under which it was written last; 0: by the API, before anybody worked on it. */
  readonly fence: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The lease under which everything is worked on that a wallet has to sign. */
export const WALLETS = 'wallets';

/** The name of a signer's lease. */
export function signerLease(signer: string): string {
  return `signer:${signer}`;
}

/** The signer of a lease of that name; null for any other lease. */
export function signerOfLease(lease: string): string | null {
  return lease.startsWith('signer:') ? lease.slice('signer:'.length) : null;
}

/** The version that stands for the request: the one that landed, or the newest. */
export function currentAttempt(transaction: ManagedTransaction): Attempt | undefined {
  return (
    transaction.attempts.find(({ signature }) => signature === transaction.signature) ?? transaction.attempts.at(-1)
  );
}

/** Versions of which it is not proven that they can never land. */
export function livingAttempts(transaction: ManagedTransaction): readonly Attempt[] {
  return transaction.attempts.filter(({ expiredAt }) => expiredAt === null);
}
