import { VersionedTransaction } from '@solana/web3.js';
import bs58 from 'bs58';
import { SYSTEM_PROGRAM } from '../../../src/transactions/nonces/nonce-account.js';
import { calledOf, PROGRAM_ID, type Called } from './sim-program.js';

/** A transaction as it is read from its bytes. */
export interface Wire {
  /** Base58. */
  readonly signature: string;
  /** Of a transaction over a nonce: the account's value. */
  readonly blockhash: string;
  /** The nonce account it is signed over; null: none. */
  readonly nonce: string | null;
  readonly payer: string;
  readonly called: readonly Called[];
}

/** AdvanceNonceAccount, as the system program's instructions are numbered. */
const ADVANCE = 4;

/** Reads the bytes that a node is given. @throws on what is no transaction of ours */
export function readWire(base64: string): Wire {
  const { message, signatures } = VersionedTransaction.deserialize(Buffer.from(base64, 'base64'));
  const keys = message.staticAccountKeys.map((key) => key.toBase58());
  const called = message.compiledInstructions
    .filter(({ programIdIndex }) => keys[programIdIndex] === PROGRAM_ID)
    .map(({ accountKeyIndexes, data }) => calledOf(keys[accountKeyIndexes[1] as number] as string, data));
  // The runtime takes it for a nonce only where it comes first.
  const [first] = message.compiledInstructions;
  const isOverNonce =
    first !== undefined &&
    keys[first.programIdIndex] === SYSTEM_PROGRAM &&
    Buffer.from(first.data).readUInt32LE(0) === ADVANCE;
  const nonce = isOverNonce ? (keys[first.accountKeyIndexes[0] as number] as string) : null;
  const [payer] = keys;
  const [signature] = signatures;
  if (payer === undefined || signature === undefined || called.length === 0) throw new Error('not a transaction');
  return { signature: bs58.encode(signature), blockhash: message.recentBlockhash, nonce, payer, called };
}
