import { PublicKey, type TransactionInstruction, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import bs58 from 'bs58';
import { MooringError } from '../lib/errors.js';
import type { Signers } from './signer.js';

/** What a node accepts: an IPv6 packet less its headers. */
const MAX_WIRE_BYTES = 1_232;

/** Instructions and who pays, ready to be signed over a blockhash. */
export interface UnsignedTransaction {
  readonly instructions: readonly TransactionInstruction[];
  /** Base58. */
  readonly payer: string;
}

/** A transaction with room for its signatures, for simulation or signing. */
export function compileTransaction(unsigned: UnsignedTransaction, blockhash: string): VersionedTransaction {
  const message = new TransactionMessage({
    payerKey: new PublicKey(unsigned.payer),
    recentBlockhash: blockhash,
    instructions: [...unsigned.instructions],
  }).compileToLegacyMessage();
  return new VersionedTransaction(message);
}

/**
 * The bytes of a transaction, checked against what a packet holds.
 * @throws MooringError `transaction-too-large`.
 */
export function wireBytes(transaction: VersionedTransaction): Uint8Array {
  let wire: Uint8Array | undefined;
  try {
    wire = transaction.serialize();
  } catch (error) {
    // web3.js encodes into a buffer of fixed size and fails with a RangeError beyond it.
    if (!(error instanceof RangeError)) throw error;
  }
  if (wire && wire.length <= MAX_WIRE_BYTES) return wire;
  throw new MooringError(
    'transaction-too-large',
    `The transaction needs ${wire ? `${wire.length} bytes` : 'more bytes'}; a packet holds ${MAX_WIRE_BYTES}. Ask for less at once.`,
  );
}

/** Signs with every key the message asks for. */
export async function signTransaction(
  transaction: VersionedTransaction,
  signers: Signers,
): Promise<{ signature: string; wire: Uint8Array }> {
  const { message } = transaction;
  const bytes = message.serialize();
  const required = message.staticAccountKeys.slice(0, message.header.numRequiredSignatures);
  for (const key of required) transaction.addSignature(key, await signers.sign(key.toBase58(), bytes));
  // The first signature, the payer's, names the transaction.
  return { signature: bs58.encode(transaction.signatures[0] as Uint8Array), wire: wireBytes(transaction) };
}
