import type { ManagedTransaction } from '../../../src/transactions/managed-transaction.js';

/** A request as it is when it comes, with these differences. */
export function managedTransaction(changes: Partial<ManagedTransaction> = {}): ManagedTransaction {
  return {
    ...{ id: 'key:a', owner: 'key', command: 'X.y', bodyHash: 'h', request: '{}', signer: 'S', lifetime: 'blockhash' },
    ...{ state: 'pending', races: [], turn: null, counter: null, allocation: null, instructions: [] },
    ...{ prepared: null, attempts: [] },
    ...{ result: null, slot: null, commitment: null, signature: null, refusal: null, wish: null, fence: 1 },
    ...{ createdAt: new Date(0), updatedAt: new Date(0) },
    ...changes,
  };
}
