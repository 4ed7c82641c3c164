import { createPublicKey, randomBytes, verify } from 'node:crypto';
import bs58 from 'bs58';

/** How long a challenge can be answered, in milliseconds: time to find the wallet, not to lose the text. */
const OPEN_MS = 10 * 60_000;
const NONCE_BYTES = 24;
const SIGNATURE_BYTES = 64;
/** What stands before the 32 bytes of an ed25519 public key in DER (RFC 8410, 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A text that a wallet signs to prove itself. `_id` is the nonce; stored, so that any API process can take the answer. */
export interface Challenge {
  readonly _id: string;
  readonly wallet: string;
  readonly name: string;
  readonly email: string;
  readonly text: string;
  readonly expiresAt: Date;
  /** When it was answered; null while it is open. */
  readonly usedAt: Date | null;
}

/** What a wallet registers with: one line each. */
export type Person = Pick<Challenge, 'wallet' | 'name' | 'email'>;

/**
 * A new challenge for a wallet. The text names the vault, so that its signature is worth nothing anywhere else, and name and
 * e-mail address, so that it registers nobody else.
 */
export function newChallenge({ wallet, name, email }: Person, vault: string, now: Date): Challenge {
  const _id = randomBytes(NONCE_BYTES).toString('base64url');
  const expiresAt = new Date(now.getTime() + OPEN_MS);
  const text = [
    'mooring: sign this to register your wallet as a developer. It costs nothing and moves no tokens.',
    `Name: ${name}`,
    `E-mail: ${email}`,
    `Wallet: ${wallet}`,
    `Stake vault: ${vault}`,
    `Nonce: ${_id}`,
    `Expires: ${expiresAt.toISOString()}`,
  ].join('\n');
  return { _id, wallet, name, email, text, expiresAt, usedAt: null };
}

/** Whether `signature`, in base58 or base64, is the wallet's ed25519 signature of exactly this text. */
export function isSignedBy(wallet: string, text: string, signature: string): boolean {
  const bytes = signatureBytes(signature);
  if (!bytes) return false;
  try {
    const der = Buffer.concat([SPKI_PREFIX, bs58.decode(wallet)]);
    return verify(null, Buffer.from(text), createPublicKey({ key: der, format: 'der', type: 'spki' }), bytes);
  } catch {
    // Not a point of the curve: an address of a program has no key that could sign.
    return false;
  }
}

function signatureBytes(text: string): Uint8Array | undefined {
  // 64 bytes in base64 have 88 characters and end with `==`, which base58 has no digit for.
  const bytes = text.endsWith('=') ? Buffer.from(text, 'base64') : bs58.decodeUnsafe(text);
  return bytes?.length === SIGNATURE_BYTES ? bytes : undefined;
}
