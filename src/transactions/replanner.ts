import type { TransactionInstruction } from '@solana/web3.js';
import type { ChainNumbers } from './index-counter.js';
import type { ManagedTransaction, TransactionResult } from './managed-transaction.js';

/** A transaction and what it will make, built only when it is needed. */
export interface TransactionPlan {
  readonly instructions: readonly TransactionInstruction[];
  /** Base58; signs and pays. */
  readonly payer: string;
  readonly result: TransactionResult;
}

/** Plans a stored request again, in whatever process; src/app wires it to the commands. */
export interface Replanner {
  /**
   * `index`: the number that was taken for it; null where none is needed.
   * @throws RpcError; MooringError when it cannot be done, with the reason.
   */
  plan(transaction: ManagedTransaction, index: bigint | null): Promise<TransactionPlan>;
  /** What the chain has of the request's row of numbers. @throws RpcError */
  numbers(transaction: ManagedTransaction): Promise<ChainNumbers>;
}
