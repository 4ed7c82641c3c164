import type { PublicKey } from '@solana/web3.js';
import {
  SystemProgram,
  SYSVAR_CLOCK_PUBKEY,
  SYSVAR_RENT_PUBKEY,
  TransactionInstruction,
  type AccountMeta,
} from '@solana/web3.js';
import { programDataAddress, UPGRADEABLE_LOADER } from './deployed-program.js';

// Instructions of the upgradeable loader (loader-v3), by their bincode tag (solana-loader-v3-interface). web3.js has none.
const INITIALIZE_BUFFER = 0;
const WRITE = 1;
const DEPLOY_WITH_MAX_DATA_LEN = 2;
const UPGRADE = 3;
const EXTEND_PROGRAM = 6;

/** Makes `authority` the only one who can write to a fresh buffer account. */
export function initializeBuffer(buffer: PublicKey, authority: PublicKey): TransactionInstruction {
  return instruction([writable(buffer), readonly(authority)], u32(INITIALIZE_BUFFER));
}

/** Writes `bytes` at `offset` of the program in the buffer. */
export function writeBuffer(
  buffer: PublicKey,
  authority: PublicKey,
  offset: number,
  bytes: Uint8Array,
): TransactionInstruction {
  const data = Buffer.concat([u32(WRITE), u32(offset), u64(bytes.length), bytes]);
  return instruction([writable(buffer), signer(readonly(authority))], data);
}

/** Turns a written buffer into a program; the program account exists and is owned by the loader already. */
export function deployWithMaxDataLen(
  accounts: { payer: PublicKey; program: PublicKey; buffer: PublicKey; authority: PublicKey },
  maxDataBytes: number,
): TransactionInstruction {
  return instruction(
    [
      signer(writable(accounts.payer)),
      writable(programDataAddress(accounts.program)),
      writable(accounts.program),
      writable(accounts.buffer),
      readonly(SYSVAR_RENT_PUBKEY),
      readonly(SYSVAR_CLOCK_PUBKEY),
      readonly(SystemProgram.programId),
      signer(readonly(accounts.authority)),
    ],
    Buffer.concat([u32(DEPLOY_WITH_MAX_DATA_LEN), u64(maxDataBytes)]),
  );
}

/** Replaces a deployed program by a written buffer; the buffer's lamports go to `spill`. */
export function upgrade(accounts: {
  program: PublicKey;
  buffer: PublicKey;
  spill: PublicKey;
  authority: PublicKey;
}): TransactionInstruction {
  return instruction(
    [
      writable(programDataAddress(accounts.program)),
      writable(accounts.program),
      writable(accounts.buffer),
      writable(accounts.spill),
      readonly(SYSVAR_RENT_PUBKEY),
      readonly(SYSVAR_CLOCK_PUBKEY),
      signer(readonly(accounts.authority)),
    ],
    u32(UPGRADE),
  );
}

/** Makes room for a longer program. The loader refuses it in the slot of another extension or upgrade. */
export function extendProgram(program: PublicKey, payer: PublicKey, additionalBytes: number): TransactionInstruction {
  return instruction(
    [
      writable(programDataAddress(program)),
      writable(program),
      readonly(SystemProgram.programId),
      signer(writable(payer)),
    ],
    Buffer.concat([u32(EXTEND_PROGRAM), u32(additionalBytes)]),
  );
}

function instruction(keys: AccountMeta[], data: Buffer): TransactionInstruction {
  return new TransactionInstruction({ programId: UPGRADEABLE_LOADER, keys, data });
}

function readonly(pubkey: PublicKey): AccountMeta {
  return { pubkey, isSigner: false, isWritable: false };
}

function writable(pubkey: PublicKey): AccountMeta {
  return { pubkey, isSigner: false, isWritable: true };
}

function signer(meta: AccountMeta): AccountMeta {
  return { ...meta, isSigner: true };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
