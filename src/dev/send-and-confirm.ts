import {
  ComputeBudgetProgram,
  type Connection,
  type Keypair,
  Transaction,
  type TransactionInstruction,
} from '@solana/web3.js';
import bs58 from 'bs58';
import { systemClock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';

/** getSignatureStatuses takes this many signatures a call. */
const STATUSES_PER_CALL = 256;
const POLL_MS = 50;
/** The same bytes are sent again this often: a validator drops what its queue has no room for. */
const RESEND_MS = 1_000;
const PATIENCE_MS = 60_000;
/** More than any coupons instruction takes. */
const COMPUTE_UNITS = 600_000;

interface Waiting {
  readonly wire: Buffer;
  sentAtMs: number;
  readonly deadlineMs: number;
  readonly resolve: (slot: number) => void;
  readonly reject: (error: unknown) => void;
}

/** A transaction that landed at confirmed. */
export interface Landed {
  readonly signature: string;
  readonly slot: number;
}

/**
 * Sends development traffic and waits for `confirmed` by polling statuses for all transactions at once: web3.js waits
 * for one WebSocket message each, which a busy chain was seen not to send.
 */
export class DevSender {
  readonly #waiting = new Map<string, Waiting>();
  #polling = false;

  constructor(readonly connection: Connection) {}

  /**
   * The first signer pays.
   * @throws MooringError `transaction-failed` with the chain's words, `transaction-lost` when it does not land in time.
   */
  async send(
    instructions: readonly TransactionInstruction[],
    signers: readonly [Keypair, ...Keypair[]],
  ): Promise<Landed> {
    const transaction = new Transaction().add(
      ComputeBudgetProgram.setComputeUnitLimit({ units: COMPUTE_UNITS }),
      ...instructions,
    );
    transaction.feePayer = signers[0].publicKey;
    transaction.recentBlockhash = (await this.connection.getLatestBlockhash('confirmed')).blockhash;
    transaction.sign(...signers);
    const signature = bs58.encode(transaction.signature ?? new Uint8Array());
    const wire = transaction.serialize();
    await this.connection.sendRawTransaction(wire, { preflightCommitment: 'confirmed', maxRetries: 0 });
    const now = systemClock.monotonic();
    const slot = await new Promise<number>((resolve, reject) => {
      this.#waiting.set(signature, { wire, sentAtMs: now, deadlineMs: now + PATIENCE_MS, resolve, reject });
      if (!this.#polling) void this.#poll();
    });
    return { signature, slot };
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    while (this.#waiting.size > 0) {
      await systemClock.sleep(POLL_MS);
      const signatures = [...this.#waiting.keys()].slice(0, STATUSES_PER_CALL);
      const { value } = await this.connection.getSignatureStatuses(signatures).catch(() => ({ value: [] }));
      const now = systemClock.monotonic();
      for (const [position, signature] of signatures.entries()) {
        const waiting = this.#waiting.get(signature);
        const status = value[position];
        if (!waiting) continue;
        if (status && status.confirmationStatus !== 'processed') {
          this.#waiting.delete(signature);
          if (status.err === null) waiting.resolve(status.slot);
          else waiting.reject(new MooringError('transaction-failed', `${signature}: ${JSON.stringify(status.err)}`));
        } else if (now > waiting.deadlineMs) {
          this.#waiting.delete(signature);
          waiting.reject(new MooringError('transaction-lost', `${signature} did not land within ${PATIENCE_MS} ms`));
        } else if (now - waiting.sentAtMs > RESEND_MS) {
          waiting.sentAtMs = now;
          this.connection
            .sendRawTransaction(waiting.wire, { skipPreflight: true, maxRetries: 0 })
            .catch(() => undefined);
        }
      }
    }
    this.#polling = false;
  }
}
