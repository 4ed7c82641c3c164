import {
  ComputeBudgetProgram,
  PublicKey,
  TransactionMessage,
  VersionedTransaction,
  type TransactionInstruction,
} from '@solana/web3.js';
import bs58 from 'bs58';
import { MooringError } from '../lib/errors.js';
import type { AttemptFee, Lifetime } from './managed-transaction.js';
import { nonceInstruction } from './nonces/nonce-instruction.js';
import type { Signers } from './signer.js';

/** What a node accepts: an IPv6 packet less its headers. */
const MAX_WIRE_BYTES = 1_232;

/** What the runtime gives by itself: no instructions are spent on limit and price. */
export const NO_BUDGET: AttemptFee = { unitLimit: null, unitPrice: 0 };

/** Instructions and who pays, ready to be signed for a lifetime. */
export interface UnsignedTransaction {
  readonly instructions: readonly TransactionInstruction[];
  /** Base58. */
  readonly payer: string;
}

/** A nonce account and who may advance it, both base58. */
export interface NonceUse {
  readonly account: string;
  readonly authority: string;
}

/**
 * A transaction with room for its signatures, for simulation or signing. `nonce` where its lifetime is a nonce's: advancing it
 * comes first, as the runtime wants it.
 */
export function compileTransaction(
  { instructions, payer }: UnsignedTransaction,
  lifetime: Lifetime,
  fee: AttemptFee,
  nonce?: NonceUse,
): VersionedTransaction {
  const message = new TransactionMessage({
    payerKey: new PublicKey(payer),
    recentBlockhash: lifetime.kind === 'nonce' ? lifetime.value : lifetime.blockhash,
    instructions: [
      ...(nonce ? [nonceInstruction(nonce.account, nonce.authority)] : []),
      ...budget(fee),
      // A command may have asked for a limit of its own; the simulation knows better.
      ...instructions.filter(({ programId }) => !programId.equals(ComputeBudgetProgram.programId)),
    ],
  }).compileToLegacyMessage();
  return new VersionedTransaction(message);
}

function budget({ unitLimit, unitPrice }: AttemptFee): TransactionInstruction[] {
  return [
    ...(unitLimit === null ? [] : [ComputeBudgetProgram.setComputeUnitLimit({ units: unitLimit })]),
    ...(unitPrice === 0 ? [] : [ComputeBudgetProgram.setComputeUnitPrice({ microLamports: unitPrice })]),
  ];
}

/** The accounts that are written to: fees are asked for by them. */
export function writableAccounts({ instructions, payer }: UnsignedTransaction): readonly string[] {
  const keys = instructions.flatMap(({ keys }) => keys.filter(({ isWritable }) => isWritable));
  return [...new Set([payer, ...keys.map(({ pubkey }) => pubkey.toBase58())])];
}

/** Everybody who has to sign: who pays, and whom the instructions ask. */
export function requiredSigners({ instructions, payer }: UnsignedTransaction): readonly string[] {
  const keys = instructions.flatMap(({ keys }) => keys.filter(({ isSigner }) => isSigner));
  return [...new Set([payer, ...keys.map(({ pubkey }) => pubkey.toBase58())])];
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

/** Stands where a blockhash, a nonce's value or its account will: what is measured needs their bytes alone. */
const ANYTHING = new PublicKey(new Uint8Array(32).fill(7)).toBase58();

/**
 * Whether a transaction of these instructions can be signed at all, with limit and price left out where they are too much.
 * @throws MooringError `transaction-too-large`.
 */
export function assertFits(unsigned: UnsignedTransaction, lifetime: Lifetime['kind']): void {
  const anyLifetime: Lifetime = { kind: 'blockhash', blockhash: ANYTHING, lastValidBlockHeight: 0 };
  const nonce = lifetime === 'nonce' ? { account: ANYTHING, authority: unsigned.payer } : undefined;
  wireBytes(compileTransaction(unsigned, anyLifetime, NO_BUDGET, nonce));
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
  return { signature: signatureOf(transaction), wire: wireBytes(transaction) };
}

/** The first signature, the payer's, names the transaction. Base58. */
export function signatureOf(transaction: VersionedTransaction): string {
  return bs58.encode(transaction.signatures[0] as Uint8Array);
}
