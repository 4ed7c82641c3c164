import bs58 from 'bs58';
import { NONCE_ACCOUNT_BYTES, SYSTEM_PROGRAM } from '../../../src/transactions/nonces/nonce-account.js';
import { RENT_SYSVAR, rentExemption } from '../../../src/transactions/nonces/rent-exemption.js';

/** A nonce account after some block. Never changed: an advance makes a new one. */
export interface SimNonce {
  readonly authority: string;
  readonly value: string;
  /** Of the block that gave it this value. */
  readonly height: number;
}

/** The nonce accounts of the cluster, by address. */
export type SimNonces = ReadonlyMap<string, SimNonce>;

/** What a block makes of every nonce account that is advanced in it. */
export interface NonceMoment {
  readonly height: number;
  readonly value: string;
}

/** More than any pool of a simulation has. */
export const NONCES_EACH = 8;
const FEE = 5_000n;
/** Lamports for a byte and year, years, burned percent: as on mainnet. */
const RENT = { perByteAndYear: 3_480n, years: 2, burned: 50 };

/** The address of the n-th nonce account of the signer at that position. */
export function simNonceAddress(signer: number, n: number): string {
  return bs58.encode(new Uint8Array(32).fill(200 + NONCES_EACH * signer + n));
}

/** The accounts of these authorities before the first block. */
export function firstNonces(authorities: readonly string[]): SimNonces {
  const all = authorities.flatMap((authority, signer) =>
    Array.from({ length: NONCES_EACH }, (_, n): [string, SimNonce] => [
      simNonceAddress(signer, n),
      { authority, value: bs58.encode(new Uint8Array(32).fill(2).fill(NONCES_EACH * signer + n, 0, 1)), height: 0 },
    ]),
  );
  return new Map(all);
}

/**
 * The value that nonce accounts are given in the block after this one: it follows from the blockhash before (agave
 * `DurableNonce::from_blockhash`), so that it is the same for all that are advanced in one block, and the same again where
 * a fork drops that block and another one takes its place.
 */
export function nonceValueAfter(parentNumber: number): string {
  const bytes = new Uint8Array(32).fill(3);
  new DataView(bytes.buffer).setUint32(0, parentNumber);
  return bs58.encode(bytes);
}

/** Whether a transaction over this value can land at that moment. What was advanced in this block is not used in it again. */
export function isCurrent(nonces: SimNonces, address: string, value: string, { height }: NonceMoment): boolean {
  const nonce = nonces.get(address);
  return nonce !== undefined && nonce.value === value && nonce.height < height;
}

/** An account's new value; none where it was advanced in this block already. */
export function advancedNonces(nonces: SimNonces, address: string, { height, value }: NonceMoment): SimNonces {
  const nonce = nonces.get(address);
  if (!nonce || nonce.height >= height) return nonces;
  return new Map(nonces).set(address, { ...nonce, value, height });
}

/** An account as getMultipleAccounts gives it: nonce accounts and what storage costs; undefined for any other. */
export function renderNonceOrRent(nonces: SimNonces, address: string): unknown {
  if (address === RENT_SYSVAR) return rendered('Sysvar1111111111111111111111111111111111111', RENT_DATA, 1);
  const nonce = nonces.get(address);
  if (!nonce) return undefined;
  const data = Buffer.alloc(NONCE_ACCOUNT_BYTES);
  data.writeUInt32LE(1, 0);
  data.writeUInt32LE(1, 4);
  Buffer.from(bs58.decode(nonce.authority)).copy(data, 8);
  Buffer.from(bs58.decode(nonce.value)).copy(data, 40);
  data.writeBigUInt64LE(FEE, 72);
  return rendered(SYSTEM_PROGRAM, data, Number(rentExemption(RENT_DATA, NONCE_ACCOUNT_BYTES)));
}

const RENT_DATA = rentData();

function rentData(): Buffer {
  const data = Buffer.alloc(17);
  data.writeBigUInt64LE(RENT.perByteAndYear, 0);
  data.writeDoubleLE(RENT.years, 8);
  data.writeUInt8(RENT.burned, 16);
  return data;
}

function rendered(owner: string, data: Buffer, lamports: number): unknown {
  return {
    ...{ executable: false, lamports, owner, rentEpoch: 0, space: data.length },
    data: [data.toString('base64'), 'base64'],
  };
}
