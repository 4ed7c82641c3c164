import type { ManagedTransaction } from './managed-transaction.js';

/** A request that a desk works on; times are of its monotonic clock. */
export interface FollowedRequest {
  /** As it was stored last. */
  transaction: ManagedTransaction;
  readonly sinceMs: number;
  nextLookMs: number;
  nextSendMs: number;
  nextProofMs: number;
  /** When a version that offers more is due, where its lifetime allows one. */
  nextRaiseMs: number;
  /** In a row. */
  failures: number;
  /** A step is under way for it. */
  isBusy: boolean;
}

/** A request of which everything is due, but what is due only after a while: `bumpMs`. */
export function followedRequest(transaction: ManagedTransaction, nowMs: number, bumpMs = 0): FollowedRequest {
  return {
    transaction,
    sinceMs: nowMs,
    nextLookMs: nowMs,
    nextSendMs: nowMs,
    nextProofMs: nowMs,
    nextRaiseMs: nowMs + bumpMs,
    failures: 0,
    isBusy: false,
  };
}
