import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import { askingTheChain } from './chain-trouble.js';
import { requiredSigners } from './compile-transaction.js';
import { feeLamports } from './fee-policy.js';
import { freshTransaction } from './fresh-transaction.js';
import { WALLETS, type ManagedTransaction, type PreparedMessage } from './managed-transaction.js';
import type { ProgramRefusal } from './program-refusal.js';
import { bodyHash, decideKey, transactionId } from './request-identity.js';
import { sameContent } from './same-content.js';
import { messageHash, signersOf } from './signed-wire.js';
import type { Composition, CompositionOrder, TransactionComposer } from './transaction-composer.js';
import type { TransactionStore } from './transaction-store.js';
import type { SubmitRequest } from './transaction-submitter.js';

/** A client's wish that a wallet will sign. What depends on a number is planned with one: no turn, no counter. */
export interface PrepareRequest extends Omit<SubmitRequest, 'turn' | 'counter' | 'lifetime'> {
  /** A nonce to make it over, so that wallets may take their time; left out: the newest blockhash. */
  readonly nonce?: CompositionOrder['nonce'];
}

/** `prepared`: as it is now, which is more than prepared where it was submitted since. `refused`: nothing is stored. */
export type PrepareOutcome =
  | { readonly kind: 'prepared'; readonly transaction: ManagedTransaction; readonly repeated: boolean }
  | { readonly kind: 'refused'; readonly refusal: ProgramRefusal }
  | { readonly kind: 'key-reused' };

interface PreparerDeps {
  readonly store: Pick<TransactionStore, 'find'>;
  /** Stores a request; false when its id or its message is taken. */
  readonly insert: (transaction: ManagedTransaction) => Promise<boolean>;
  readonly composer: Pick<TransactionComposer, 'compose'>;
  /** Addresses whose keys the server holds. */
  readonly heldSigners: readonly string[];
  readonly clock: Clock;
}

/** Makes the bytes that wallets sign, and keeps them: what comes back is compared with them. Signs nothing. */
export class TransactionPreparer {
  constructor(private readonly deps: PreparerDeps) {}

  /**
   * The same key and body get the same bytes again.
   * @throws MooringError `wallet-not-needed`, `transaction-too-large`, `conflict`, `chain-unreachable`, `chain-error`; what
   *   the plan throws. Nothing is stored then.
   */
  async prepare(request: PrepareRequest): Promise<PrepareOutcome> {
    const { store, insert, composer, heldSigners, clock } = this.deps;
    const { nonce } = request;
    const id = transactionId(request.owner, request.key ?? randomUUID());
    // Not that of the request itself: its key stands for one of the two.
    const hash = bodyHash({ command: request.command, request: request.identity, signedBy: WALLETS });

    const before = await store.find(id);
    if (before) return repeated(before, hash);
    const plan = await askingTheChain(request.plan);
    const signers = requiredSigners(plan);
    const wallets = signers.filter((signer) => !heldSigners.includes(signer));
    if (wallets.length === 0) {
      const detail = `The server holds the keys of all who sign (${signers.join(', ')}).`;
      throw new MooringError('wallet-not-needed', `${detail} Send the request itself, or name the wallet.`);
    }
    const composed = await askingTheChain(() => composer.compose({ unsigned: plan, nonce, withBalance: true }));
    if (composed.kind === 'refused') return composed;
    const fresh = freshTransaction(
      id,
      { ...request, lifetime: composed.lifetime.kind },
      hash,
      plan,
      new Date(clock.now()),
    );
    for (let twin = 0; ; twin++) {
      const prepared = messageOf(composed, twin, wallets);
      const transaction: ManagedTransaction = { ...fresh, state: 'prepared', signer: WALLETS, prepared };
      if (await insert(transaction)) return { kind: 'prepared', transaction, repeated: false };
      const other = await store.find(id);
      if (other) return repeated(other, hash);
    }
  }
}

function repeated(stored: ManagedTransaction, hash: string): PrepareOutcome {
  return decideKey(stored, hash) === 'same'
    ? { kind: 'prepared', transaction: stored, repeated: true }
    : { kind: 'key-reused' };
}

/** @throws MooringError `conflict` when there is no further way to write it. */
function messageOf(composition: Composition, twin: number, wallets: readonly string[]): PreparedMessage {
  const version = composition.version(twin);
  if (!version) throw sameContent();
  const { lifetime, balanceChange } = composition;
  const { fee } = version;
  const message = version.transaction.message.serialize();
  return {
    ...{ message, hash: messageHash(message), lifetime, fee, wallets },
    // Simulated without an offer.
    balanceChange: balanceChange === null ? null : balanceChange - feeLamports(fee, signersOf(message).length).priority,
  };
}
