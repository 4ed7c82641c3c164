import type { Lifetime, ManagedTransaction } from './managed-transaction.js';
import type { TransactionPlan } from './replanner.js';
import { storedInstruction } from './stored-instruction.js';

/** What a client's wish says of itself. */
export interface RequestFacts {
  /** Id of the API key. */
  readonly owner: string;
  readonly command: string;
  /** What makes two requests the same, and what it is planned from again: parameters and body. */
  readonly identity: unknown;
  /** Refusals, by name, that mean: what the plan was made of has changed meanwhile. */
  readonly races?: readonly string[];
  /** Requests of the same turn are sent one after another. */
  readonly turn?: string | undefined;
  /** The row of numbers that one is taken of. */
  readonly counter?: string | undefined;
  readonly lifetime?: Lifetime['kind'];
}

/** A request as it is stored first. `hash`: of its body. */
export function freshTransaction(
  id: string,
  request: RequestFacts,
  hash: string,
  plan: TransactionPlan,
  now: Date,
): ManagedTransaction {
  const { owner, command, identity, races = [], turn, counter, lifetime = 'blockhash' } = request;
  return {
    ...{ id, owner, command, bodyHash: hash, request: JSON.stringify(identity), signer: plan.payer, lifetime },
    ...{ state: 'pending', races, turn: turn ?? null, counter: counter ?? null, allocation: null },
    // What depends on the number is planned when there is one.
    instructions: counter === undefined ? plan.instructions.map(storedInstruction) : [],
    result: counter === undefined ? plan.result : null,
    ...{ prepared: null, attempts: [], slot: null, commitment: null, signature: null, refusal: null },
    ...{ wish: null, fence: 0, createdAt: now, updatedAt: now },
  };
}
