import { createHash, createPublicKey, verify } from 'node:crypto';
import { VersionedMessage } from '@solana/web3.js';
import bs58 from 'bs58';

/** Bytes that came from outside: signatures, and the message they are of. */
export interface SignedWire {
  /** In the order of the message's signers; all zeros where one is missing. */
  readonly signatures: readonly Uint8Array[];
  readonly message: Uint8Array;
}

const SIGNATURE_BYTES = 64;
/** Above this value the count takes a second byte, and more than a packet holds. */
const MOST_SIGNATURES = 127;
/** A message with this bit in its first byte has its version there; the header follows. */
const VERSION_BIT = 0x80;
/** Header of an Ed25519 public key (RFC 8410): what node:crypto takes instead of the bare 32 bytes. */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** Takes a transaction apart. Null for what is none: every byte has to have its place. */
export function parseWire(wire: Uint8Array): SignedWire | null {
  const count = wire[0] ?? 0;
  const messageAt = 1 + count * SIGNATURE_BYTES;
  if (count === 0 || count > MOST_SIGNATURES || wire.length <= messageAt) return null;
  const message = wire.slice(messageAt);
  const first = message[0] ?? 0;
  const required = (first & VERSION_BIT) === 0 ? first : message[1];
  if (required !== count) return null;
  const signatures = Array.from({ length: count }, (_, index) =>
    wire.slice(1 + index * SIGNATURE_BYTES, 1 + (index + 1) * SIGNATURE_BYTES),
  );
  return { signatures, message };
}

/** The bytes that `parseWire` takes apart. */
export function joinWire({ signatures, message }: SignedWire): Uint8Array {
  return Uint8Array.from([signatures.length, ...signatures.flatMap((signature) => [...signature]), ...message]);
}

/** By which a message is found: sha256, hex. */
export function messageHash(message: Uint8Array): string {
  return createHash('sha256').update(message).digest('hex');
}

/** Who has to sign a message of ours, base58, in the order of its signatures. */
export function signersOf(message: Uint8Array): readonly string[] {
  const { staticAccountKeys, header } = VersionedMessage.deserialize(message);
  return staticAccountKeys.slice(0, header.numRequiredSignatures).map((key) => key.toBase58());
}

/** Whose signatures are not there, and whose are of something else or by another key. */
export interface SignatureFaults {
  readonly missing: readonly string[];
  readonly wrong: readonly string[];
}

/** Looks at every signature. One that is not among `wallets` may be missing: the server adds it. */
export function signatureFaults({ signatures, message }: SignedWire, wallets: readonly string[]): SignatureFaults {
  const [missing, wrong]: [string[], string[]] = [[], []];
  for (const [index, signer] of signersOf(message).entries()) {
    const signature = signatures[index];
    if (!signature || signature.every((byte) => byte === 0)) {
      if (wallets.includes(signer)) missing.push(signer);
    } else if (!isSignatureOf(signer, message, signature)) wrong.push(signer);
  }
  return { missing, wrong };
}

function isSignatureOf(signer: string, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const spki = Buffer.concat([SPKI_ED25519, bs58.decode(signer)]);
    return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
  } catch {
    // An address that is no point on the curve has no key, and no signature.
    return false;
  }
}
