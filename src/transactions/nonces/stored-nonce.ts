import type { NonceRefusal } from './nonce-account.js';

/**
 * available: whoever comes next may sign over its value. claimed: it belongs to one managed transaction. cooling: given
 * back, and not available before a finalized block shows that nothing signed over its value can land any more. broken:
 * not to be used, `reason` says why.
 */
export type NonceState = (typeof NONCE_STATES)[number];

/** Every state of a nonce account. */
export const NONCE_STATES = ['available', 'claimed', 'cooling', 'broken'] as const;

/** Why a nonce account cannot be used. */
export type NonceProblem =
  | NonceRefusal
  /** Not on chain any more. */
  | 'closed'
  /** Somebody else has to sign for it. */
  | 'other-authority'
  /** Below what keeps it alive. */
  | 'underfunded'
  /** A command that was to make it has not finished. */
  | 'making'
  /** A command that was to close it has not finished. */
  | 'withdrawing';

/** Problems that end when the account is made, or what it lacks is paid. */
export const MENDABLE: readonly (NonceProblem | null)[] = [
  ...(['closed', 'wrong-length', 'uninitialised', 'underfunded', 'making'] as const),
];

/** One nonce account as `nonce_accounts` has it. What is on chain is the truth; this says who may use it. */
export interface StoredNonce {
  /** Its address, base58. */
  readonly _id: string;
  readonly authority: string;
  /** The n of its seed. */
  readonly index: number;
  /** Base58, as of `seenAtSlot`; empty before the account was seen. */
  readonly value: string;
  readonly state: NonceState;
  /** True where something may be signed over `value`. */
  readonly used: boolean;
  /** The managed transaction that has it. */
  readonly claimedBy: string | null;
  readonly claimedAt: Date | null;
  /** The finalized slot at which it was first seen with another value than the one before. */
  readonly advancedAtSlot: number | null;
  /** The finalized slot as of which `value` was read. */
  readonly seenAtSlot: number;
  /** Why it is broken; on one that is claimed, what will make it broken once it is given back. */
  readonly reason: NonceProblem | null;
  readonly updatedAt: Date;
}
