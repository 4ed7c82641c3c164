import type { Commitment } from '../lib/commitment.js';

/**
 * received: durable, not yet in the documents. applied: its writes are in the documents. dead: its handler failed for
 * good, an operator decides. orphaned: a fork dropped it; kept for the audit trail, no part of any fold.
 */
export type RecordState = 'received' | 'applied' | 'dead' | 'orphaned';

/** Which door a transaction came through first. For people; nothing is decided by it. */
export type RecordSource = 'socket' | 'polling' | 'sweep' | 'backfill' | 'own' | 'resolve' | 'account' | 'retry';

/** Where a record stands in the chain's order, apart from the per-account revision that its writes carry. */
export interface RecordPosition {
  readonly slot: number;
  /** Position of the transaction in its block, 0 where nobody needed to know. */
  readonly index: number;
  /** Position in the invocation trace of the transaction. */
  readonly place: number;
}

/** One entry of the ledger: an event, or an account as it was read at a slot. */
export interface LedgerRecord extends RecordPosition {
  /** `<signature>/log/<n>`, `<signature>/cpi/<n>` or `account/<address>/<slot>`. */
  readonly _id: string;
  readonly kind: 'event' | 'observation';
  /** Name of the module. */
  readonly program: string;
  /** Empty for an observation. */
  readonly signature: string;
  /** Event name, or account type. */
  readonly name: string;
  /** Decoded by the IDL; null for an account that is gone. */
  readonly data: unknown;
  /** The bytes it was decoded from, so that it can be decoded again after an IDL upgrade. */
  readonly raw: Uint8Array;
  /** `<collection>:<key>` of every state document it writes. */
  readonly touches: readonly string[];
  /** How many decodable events its transaction has for this program: fewer in the ledger means a torn insert. */
  readonly of: number;
  readonly state: RecordState;
  readonly commitment: Commitment;
  readonly source: RecordSource;
  /** How settled its transaction was for whoever read it: what a finalized one says needs no comparing any more. */
  readonly seenAs: Commitment;
  /** Counts the versions of this event that the chain has shown; raised at each re-landing. */
  readonly generation: number;
  readonly attempts: number;
  readonly error: string | null;
  readonly seenAt: Date;
  readonly appliedAt: Date | null;
  readonly finalizedAt: Date | null;
  /** When the finality checker looks at it, at the latest. */
  readonly finalityDueAt: Date;
  /** Not to be tried before; null = at once. */
  readonly nextAttemptAt: Date | null;
  /**
   * Hash of its finalized block; null before finality, and where nobody was asked or could tell. No handler sees it:
   * content must not depend on when one looked.
   */
  readonly blockhash: string | null;
  /** When the block was made, by the vote of the cluster, to the second; known together with the hash. */
  readonly blockTime: Date | null;
  /** Two different versions were announced: the chain has to say which one landed. */
  readonly disputed: boolean;
}

/** The touch key of a state document. */
export function touchOf(collection: string, key: string): string {
  return `${collection}:${key}`;
}

/** True when two versions of the same event id say the same: same slot, same bytes. */
export function isSameVersion(
  one: { readonly slot: number; readonly raw: Uint8Array },
  other: { readonly slot: number; readonly raw: Uint8Array },
): boolean {
  return one.slot === other.slot && Buffer.compare(one.raw, other.raw) === 0;
}
