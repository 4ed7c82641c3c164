import bs58 from 'bs58';
import type { Clock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import {
  newAttempt,
  WALLETS,
  type Attempt,
  type ManagedTransaction,
  type PreparedMessage,
} from './managed-transaction.js';
import { messageDifferences, type MessageDifference } from './message-differences.js';
import {
  joinWire,
  messageHash,
  parseWire,
  signatureFaults,
  signersOf,
  type SignatureFaults,
  type SignedWire,
} from './signed-wire.js';
import type { Signers } from './signer.js';
import { signed } from './transaction-changes.js';
import type { TransactionStore } from './transaction-store.js';
import type { SubmitOutcome, TransactionSubmitter } from './transaction-submitter.js';

/** What a wallet has signed. */
export interface WalletSubmission {
  /** Id of the API key; nobody else's transactions are looked at. */
  readonly owner: string;
  /** Which one it is; left out: it is found by its message. */
  readonly id?: string | undefined;
  readonly wire: Uint8Array;
}

/** What became of a submission; only `current` was taken. */
export type WalletOutcome =
  | Extract<SubmitOutcome, { kind: 'current' }>
  /** The bytes are no transaction. */
  | { readonly kind: 'unreadable' }
  /** Nothing with this id or message was prepared. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly id: string; readonly differences: readonly MessageDifference[] }
  | ({ readonly kind: 'unsigned'; readonly id: string } & SignatureFaults);

interface WalletSubmitterDeps {
  readonly store: Pick<TransactionStore, 'find' | 'findPrepared' | 'takeSigned'>;
  readonly submitter: Pick<TransactionSubmitter, 'look'>;
  readonly signers: Signers;
  /** Whether nothing new is to be signed with a key that the server holds. */
  readonly isPaused: (signer: string) => Promise<boolean>;
  /** Tells whoever holds the lease that there is something new. */
  readonly wake: (signer: string) => void;
  readonly clock: Clock;
}

/**
 * Takes in what wallets have signed, if it is what was prepared: stored before anybody sends it, once, however often and in
 * how many processes it comes (I9). From there on it is followed like any other, under the lease of `WALLETS`.
 */
export class WalletSubmitter {
  constructor(private readonly deps: WalletSubmitterDeps) {}

  /**
   * Waits up to `waitMs` for the chain's answer.
   * @throws MooringError `signer-paused`, `signer-not-held`: nothing was stored, and it can be submitted again.
   */
  async submit({ owner, id, wire }: WalletSubmission, waitMs: number): Promise<WalletOutcome> {
    const { store, submitter } = this.deps;
    const submitted = parseWire(wire);
    if (!submitted) return { kind: 'unreadable' };
    const stored = await (id === undefined
      ? store.findPrepared(owner, messageHash(submitted.message))
      : store.find(id));
    if (!stored?.prepared || stored.owner !== owner) return { kind: 'unknown' };
    const differences = messageDifferences(stored.prepared.message, submitted.message);
    if (differences.length > 0) return { kind: 'changed', id: stored.id, differences };
    const faults = signatureFaults(submitted, stored.prepared.wallets);
    if (faults.missing.length + faults.wrong.length > 0) return { kind: 'unsigned', id: stored.id, ...faults };
    const isNew = stored.state === 'prepared' && (await this.#take(stored, stored.prepared, submitted));
    const transaction = await submitter.look(stored.id, waitMs);
    return transaction ? { kind: 'current', transaction, repeated: !isNew } : { kind: 'unknown' };
  }

  /** False when somebody else was first, with the same message. */
  async #take(stored: ManagedTransaction, prepared: PreparedMessage, submitted: SignedWire): Promise<boolean> {
    const { store, wake } = this.deps;
    const attempt = await this.#complete(prepared, submitted);
    const next = signed(stored, attempt);
    const isFirst = next !== null && (await store.takeSigned({ ...next, updatedAt: attempt.signedAt }));
    if (isFirst) wake(WALLETS);
    return isFirst;
  }

  /** With the signatures of the keys that the server holds. */
  async #complete(prepared: PreparedMessage, { signatures, message }: SignedWire): Promise<Attempt> {
    const { signers, isPaused, clock } = this.deps;
    const { wallets, lifetime, fee } = prepared;
    const complete: Uint8Array[] = [];
    for (const [index, signer] of signersOf(message).entries()) {
      const isOurs = !wallets.includes(signer);
      if (isOurs && (await isPaused(signer))) {
        throw new MooringError(
          'signer-paused',
          `Nothing is signed with the key of ${signer} now. Submit it again later.`,
        );
      }
      complete.push(isOurs ? await signers.sign(signer, message) : (signatures[index] as Uint8Array));
    }
    return newAttempt({
      signature: bs58.encode(complete[0] as Uint8Array),
      wire: joinWire({ signatures: complete, message }),
      ...{ lifetime, fee, signedAt: new Date(clock.now()) },
    });
  }
}
