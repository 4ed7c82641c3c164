import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import type { AnswerWatch } from './answer-watch.js';
import { askingTheChain } from './chain-trouble.js';
import { assertFits } from './compile-transaction.js';
import { freshTransaction, type RequestFacts } from './fresh-transaction.js';
import type { ManagedTransaction } from './managed-transaction.js';
import type { TransactionPlan } from './replanner.js';
import { bodyHash, decideKey, transactionId } from './request-identity.js';
import { isAnswered } from './transaction-machine.js';
import type { TransactionStore } from './transaction-store.js';

/** A client's wish. */
export interface SubmitRequest extends RequestFacts {
  /** The client's Idempotency-Key; without one every request is a new one. */
  readonly key?: string;
  /** Reads what it needs from the chain. What it throws reaches the caller; nothing is stored then. */
  readonly plan: () => Promise<TransactionPlan>;
}

/** `current` may be unresolved: then nothing is known to have failed, and whoever holds the signer's lease keeps at it. */
export type SubmitOutcome =
  | { readonly kind: 'current'; readonly transaction: ManagedTransaction; readonly repeated: boolean }
  | { readonly kind: 'key-reused' };

interface SubmitterDeps {
  readonly store: Pick<TransactionStore, 'find'>;
  /** Stores a request; false when its id is taken. Acknowledged: never lost. */
  readonly insert: (transaction: ManagedTransaction) => Promise<boolean>;
  readonly answers: AnswerWatch;
  /** Tells whoever holds the signer's lease that there is something new. */
  readonly wake: (signer: string) => void;
  /** Whether there are nonce accounts whose authority is this signer. */
  readonly hasNonces: (signer: string) => Promise<boolean>;
  readonly clock: Clock;
}

/**
 * Takes requests in, each with at most one effect on chain (I9): the key decides which is which, and the request is stored
 * before anybody works on it. What becomes of it is decided under its signer's lease, in whatever process.
 */
export class TransactionSubmitter {
  constructor(private readonly deps: SubmitterDeps) {}

  /**
   * Waits up to `waitMs` for the chain's answer.
   * @throws MooringError when nothing was stored and nothing will be sent, such as `transaction-too-large`.
   */
  async submit(request: SubmitRequest, waitMs: number): Promise<SubmitOutcome> {
    const { store, insert, wake } = this.deps;
    const id = transactionId(request.owner, request.key ?? randomUUID());
    const hash = bodyHash({ command: request.command, request: request.identity });

    let stored = await store.find(id);
    const repeated = stored !== null;
    if (stored === null) {
      const plan = await askingTheChain(request.plan);
      assertFits(plan, request.lifetime ?? 'blockhash');
      if (request.lifetime === 'nonce') await this.#assertNonces(plan.payer);
      const fresh = freshTransaction(id, request, hash, plan, new Date(this.deps.clock.now()));
      if (await insert(fresh)) {
        stored = fresh;
        wake(fresh.signer);
      } else stored = await store.find(id);
    }
    if (stored === null) throw new Error(`managed transaction ${id} disappeared`);
    if (decideKey(stored, hash) === 'other-body') return { kind: 'key-reused' };
    return { kind: 'current', transaction: await this.#wait(stored, waitMs), repeated };
  }

  /** The request as it is now, or as soon as it has its answer, after `waitMs` at most. Null when there is none. */
  async look(id: string, waitMs: number): Promise<ManagedTransaction | null> {
    const stored = await this.deps.store.find(id);
    return stored && this.#wait(stored, waitMs);
  }

  async #wait(transaction: ManagedTransaction, waitMs: number): Promise<ManagedTransaction> {
    if (isAnswered(transaction.state) || transaction.state === 'prepared') return transaction;
    await this.deps.answers.wait(transaction.id, waitMs);
    return (await this.deps.store.find(transaction.id)) ?? transaction;
  }

  async #assertNonces(signer: string): Promise<void> {
    if (await this.deps.hasNonces(signer)) return;
    throw new MooringError(
      'not-configured',
      `There are no durable nonces of ${signer}. An operator makes some: npm run nonces -- create --authority ${signer}`,
    );
  }
}
