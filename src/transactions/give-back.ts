import { giveIndexBack, type IndexCounter } from './index-counter.js';
import type { ManagedTransaction } from './managed-transaction.js';
import type { Decision } from './signer-writer.js';

/**
 * A request that has come to rest without an effect gives its number back, in the same write. Not one that was refused because
 * the number was taken: somebody else has it.
 */
export function withNumberGivenBack(transaction: ManagedTransaction, counter: IndexCounter): Decision {
  const { allocation } = transaction;
  if (!allocation || !mayGiveBack(transaction, counter.id)) return { transaction };
  return { transaction, counter: giveIndexBack(counter, allocation.index) };
}

/** Whether a request has a number of this row and will never have an effect with it. */
export function mayGiveBack({ state, allocation, refusal, races }: ManagedTransaction, row: string): boolean {
  const hadNoEffect = state === 'failed' || state === 'expired' || state === 'cancelled';
  if (!hadNoEffect || allocation?.counter !== row) return false;
  return refusal === null || !races.includes(refusal.name);
}
