import bs58 from 'bs58';
import type { AccountInfo } from '../../chain/chain-port.js';

/** Owner of every nonce account. */
export const SYSTEM_PROGRAM = '11111111111111111111111111111111';
/** Bytes of a nonce account, also before it is initialised. */
export const NONCE_ACCOUNT_BYTES = 80;

// Layout (solana-nonce, bincode): version u32, state u32, authority, durable nonce, lamports per signature u64.
const STATE_AT = 4;
const AUTHORITY_AT = 8;
const VALUE_AT = 40;
const FEE_AT = 72;
/** Made before durable nonces had values of their own: a transaction over it is refused until it is upgraded. */
const LEGACY = 0;
const CURRENT = 1;
const UNINITIALISED = 0;
const INITIALISED = 1;

/** Why an account is no nonce account that a transaction can be signed over. */
export type NonceRefusal =
  'not-of-the-system-program' | 'wrong-length' | 'uninitialised' | 'legacy' | 'unknown-version' | 'unknown-state';

/** What an account says as a nonce account. */
export type NonceReading =
  | {
      readonly kind: 'nonce';
      /** Base58: who has to sign to advance it. */
      readonly authority: string;
      /** Base58: what stands in the place of the blockhash. */
      readonly value: string;
      /** Lamports per signature when the value was made. */
      readonly fee: bigint;
    }
  | { readonly kind: 'refused'; readonly reason: NonceRefusal };

/** Reads a nonce account exactly; whatever is not one in every byte that matters is refused with the reason. */
export function parseNonceAccount({ owner, data }: Pick<AccountInfo, 'owner' | 'data'>): NonceReading {
  if (owner !== SYSTEM_PROGRAM) return refused('not-of-the-system-program');
  if (data.length !== NONCE_ACCOUNT_BYTES) return refused('wrong-length');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const version = view.getUint32(0, true);
  const state = view.getUint32(STATE_AT, true);
  if (version !== LEGACY && version !== CURRENT) return refused('unknown-version');
  // What was only allocated is all zeroes, and so of the legacy version.
  if (state === UNINITIALISED) return refused('uninitialised');
  if (state !== INITIALISED) return refused('unknown-state');
  if (version === LEGACY) return refused('legacy');
  return {
    kind: 'nonce',
    authority: bs58.encode(data.subarray(AUTHORITY_AT, VALUE_AT)),
    value: bs58.encode(data.subarray(VALUE_AT, FEE_AT)),
    fee: view.getBigUint64(FEE_AT, true),
  };
}

function refused(reason: NonceRefusal): NonceReading {
  return { kind: 'refused', reason };
}
