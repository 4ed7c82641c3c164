import { broadcast } from '../broadcaster.js';
import { compileTransaction, signTransaction, type UnsignedTransaction, wireBytes } from '../compile-transaction.js';
import { describeRefusal, type ProgramRefusal } from '../program-refusal.js';
import type { NonceWork } from './nonce-work.js';

/** What became of instructions. Whatever did not land is planned anew from what the chain says then. */
export type SendOutcome =
  | { readonly kind: 'landed'; readonly slot: number }
  /** Refused before it was sent, or failed where it landed. */
  | { readonly kind: 'refused'; readonly refusal: ProgramRefusal | null }
  /** Not landed while its blockhash lived. */
  | { readonly kind: 'lost' };

/** How instructions are sent. */
export interface SendingOptions {
  /** A nonce value to sign over in the place of a blockhash. */
  readonly over?: string | null;
  /** False for what advances a nonce: a simulation runs over another blockhash, or in a block that made the value. */
  readonly simulated?: boolean;
  /** Compute units to ask for; null: none are asked for. */
  readonly unitLimit?: number | null;
}

const POLL_MS = 200;
/** A leader drops what it has no room for. */
const RESEND_MS = 2_000;
/** A nonce value does not age: after this long whoever waits looks at the chain again. */
const PATIENCE_OVER_NONCE_MS = 60_000;

/**
 * Signs and sends until it has landed at confirmed. Only for instructions that may be tried again in another transaction
 * because the chain takes them once: nothing is remembered of it.
 */
export async function sendInstructions(
  { chain, signers, clock }: Pick<NonceWork, 'chain' | 'signers' | 'clock'>,
  unsigned: UnsignedTransaction,
  { over = null, simulated = true, unitLimit = null }: SendingOptions = {},
): Promise<SendOutcome> {
  const { blockhash, lastValidBlockHeight } = await chain.latestBlockhash('confirmed');
  const lifetime = { kind: 'blockhash', blockhash: over ?? blockhash, lastValidBlockHeight } as const;
  const transaction = compileTransaction(unsigned, lifetime, { unitLimit, unitPrice: 0 });
  if (simulated) {
    const { err, logs } = await chain.simulateTransaction(wireBytes(transaction), 'confirmed');
    if (err !== null) return { kind: 'refused', refusal: describeRefusal('simulation', err, logs, []) };
  }
  const { signature, wire } = await signTransaction(transaction, signers);
  const since = clock.monotonic();
  const isOver = async () =>
    over === null
      ? (await chain.blockHeight('confirmed')) > lastValidBlockHeight
      : clock.monotonic() - since > PATIENCE_OVER_NONCE_MS;
  let sendAt = -Infinity;
  for (;;) {
    let isLate = false;
    if (clock.monotonic() >= sendAt) {
      // Before the look that follows: what the look then does not show cannot come any more.
      isLate = await isOver();
      sendAt = clock.monotonic() + RESEND_MS;
      // Whatever a node says to it, the bytes may be on their way.
      if (!isLate) await broadcast([chain], wire);
    }
    const [status] = (await chain.signatureStatuses([signature])).statuses;
    if (status && status.commitment !== 'processed') {
      return status.failed ? { kind: 'refused', refusal: null } : { kind: 'landed', slot: status.slot };
    }
    if (isLate) return { kind: 'lost' };
    await clock.sleep(POLL_MS);
  }
}
