import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import bs58 from 'bs58';
import { messageOf, MooringError } from '../lib/errors.js';
import type { Signers } from './signer.js';

const SECRET_KEY_BYTES = 64;
const SEED_BYTES = 32;
/** PKCS#8 header of an Ed25519 private key (RFC 8410): what node:crypto takes instead of a bare seed. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Signers whose keys are in this process's memory: for development and for small installations. */
export class KeypairSigners implements Signers {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  /** `secretKeys`: 64 bytes each, seed and public key, as solana-keygen has them. */
  constructor(secretKeys: readonly Uint8Array[]) {
    this.#keys = new Map(secretKeys.map(importKey));
  }

  get addresses(): readonly string[] {
    return [...this.#keys.keys()];
  }

  async sign(address: string, message: Uint8Array): Promise<Uint8Array> {
    const key = this.#keys.get(address);
    if (!key) throw new MooringError('signer-not-held', `The server does not hold the key of ${address}.`);
    return new Uint8Array(sign(null, message, key));
  }
}

/**
 * Reads the configured keys: files first, then keys given directly.
 * @throws MooringError `signer-invalid` naming the file or entry, never its content.
 */
export async function loadSigners(source: {
  readonly keypairPaths: readonly string[];
  /** Base58. */
  readonly secretKeys: readonly { reveal(): string }[];
}): Promise<KeypairSigners> {
  const keys: Uint8Array[] = [];
  for (const path of source.keypairPaths) {
    keys.push(await attempt(`the key file ${path}`, async () => parseKeypairFile(await readFile(path, 'utf8'))));
  }
  for (const [index, secret] of source.secretKeys.entries()) {
    keys.push(
      await attempt(`entry ${index + 1} of SIGNER_SECRET_KEYS`, async () => checked(bs58.decode(secret.reveal()))),
    );
  }
  return new KeypairSigners(keys);
}

/** The 64 bytes in a solana-keygen file: a JSON array of numbers. */
function parseKeypairFile(text: string): Uint8Array {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // JSON.parse quotes the text it fails on, which would be the key.
    throw new Error('it is not JSON');
  }
  const isKey = Array.isArray(parsed) && parsed.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  if (!isKey) throw new Error('it is not a JSON array of bytes');
  return checked(Uint8Array.from(parsed as number[]));
}

function checked(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== SECRET_KEY_BYTES) throw new Error(`it has ${bytes.length} bytes instead of ${SECRET_KEY_BYTES}`);
  importKey(bytes);
  return bytes;
}

function importKey(secretKey: Uint8Array): [string, KeyObject] {
  const seed = secretKey.subarray(0, SEED_BYTES);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES);
  // A wrong second half would make a signer that signs for an address it is not.
  if (!publicKey.equals(secretKey.subarray(SEED_BYTES))) throw new Error('its two halves do not belong together');
  return [bs58.encode(publicKey), key];
}

async function attempt<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new MooringError('signer-invalid', `Cannot use ${what} as a signer: ${messageOf(error)}.`);
  }
}
