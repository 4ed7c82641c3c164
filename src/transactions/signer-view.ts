import type { TransactionState } from './managed-transaction.js';

/** A row of numbers that a signer's requests take from, for people. */
export interface RowView {
  readonly row: string;
  /** The lowest number that was never taken. */
  readonly next: bigint;
  /** Numbers below it that were given back. */
  readonly free: readonly bigint[];
}

/** A request that is worth a look. */
export interface TroubledRequest {
  readonly id: string;
  readonly command: string;
  readonly state: TransactionState;
  readonly createdAt: Date;
  readonly trouble: string;
}

/** Everything an operator wants to know of a signer; there is no secret in it. */
export interface SignerView {
  /** Base58, or `wallets` for what only wallets sign. */
  readonly address: string;
  /** Null: the chain could not be asked, or it is no account. */
  readonly balance: { readonly lamports: bigint; readonly slot: number } | null;
  readonly lease: {
    /** Null: nobody holds it. */
    readonly holder: string | null;
    /** Whether that process shows that it lives. */
    readonly isAlive: boolean;
  };
  /** The live node that its requests belong to; null: none serves it. */
  readonly node: string | null;
  /** Live nodes that have its key. */
  readonly servedBy: readonly string[];
  readonly paused: { readonly reason: string; readonly since: Date } | null;
  /** How many there are in each state, up to `COUNTED_AT_MOST`. */
  readonly requests: Readonly<Record<TransactionState, number>>;
  /** When the oldest of those that are not at rest came. */
  readonly oldestOpenAt: Date | null;
  readonly oldestOpenMs: number | null;
  /** Among the oldest that are open. */
  readonly troubled: readonly TroubledRequest[];
  readonly numbers: readonly RowView[];
  readonly lastLanded: {
    readonly id: string;
    readonly command: string;
    readonly signature: string | null;
    readonly slot: number | null;
    /** When that was noted last: it is final, or on its way there. */
    readonly at: Date;
  } | null;
}

/** Counting goes on up to here: beyond it a number says nothing more. */
export const COUNTED_AT_MOST = 100_000;
