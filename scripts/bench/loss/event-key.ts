import anchor from '@coral-xyz/anchor';
import { PublicKey } from '@solana/web3.js';
import { camelCase } from '../../../src/decoding/camel-case.js';

/**
 * An event's name and data as one text that is the same whoever decoded it: Anchor's coder gives BN and PublicKey, its
 * client other spellings of the names than its coder, and ours bigint and base58.
 */
export function eventKey(name: string, data: unknown): string {
  return `${camelCase(name)} ${JSON.stringify(plain(data))}`;
}

function plain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (anchor.BN.isBN(value) || value instanceof PublicKey) return value.toString();
  const fields = Object.entries(value).map(([field, inner]) => [camelCase(field), plain(inner)] as const);
  return Object.fromEntries(fields.sort(([one], [other]) => (one < other ? -1 : 1)));
}
