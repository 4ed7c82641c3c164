import type { ManagedTransaction } from '../managed-transaction.js';
import { isResting } from '../transaction-machine.js';
import type { ClaimFate } from './judge-nonce.js';
import { isSignedOver, type NonceValue } from './signed-over.js';

/** Finds a managed transaction by its id; null where there is none. */
export type FindTransaction = (
  id: string,
) => Promise<Pick<ManagedTransaction, 'state' | 'attempts' | 'prepared'> | null>;

/** What became of the transaction that claimed a nonce, and whether anything of it is signed over the value it has now. */
export function claimFate(transaction: Awaited<ReturnType<FindTransaction>>, nonce: NonceValue): ClaimFate {
  if (transaction === null) return 'missing';
  const isSigned = isSignedOver(transaction, nonce);
  if (isResting(transaction.state)) return isSigned ? 'rests-signed' : 'rests-unsigned';
  return isSigned ? 'open-signed' : 'open-unsigned';
}
