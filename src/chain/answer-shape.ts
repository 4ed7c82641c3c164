import bs58 from 'bs58';

/** Thrown by the readers below; the endpoint turns it into `malformed-answer`. */
export class UnexpectedShape extends Error {
  override readonly name = 'UnexpectedShape';

  constructor(expected: string, found: unknown) {
    super(`expected ${expected}, found ${found === null ? 'null' : typeof found}`);
  }
}

/** The fields of a JSON object. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UnexpectedShape('an object', value);
  return value as Record<string, unknown>;
}

export function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new UnexpectedShape('an array', value);
  return value;
}

export function asString(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new UnexpectedShape('a string', value);
  return value;
}

/** A slot, height or count: whole, not negative, exact as a JavaScript number. */
export function asCount(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new UnexpectedShape('a whole number', value);
  return value as number;
}

/** Like asCount, with null (or a field left out) as null. */
export function asCountOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : asCount(value);
}

/** A u64 that came as a JSON number or, where quoteLamports saw it, as a string of digits. */
export function asU64(value: unknown): bigint {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value);
  return BigInt(asCount(value));
}

/** Account data as `["…", "base64"]`. */
export function asBase64Data(value: unknown): Uint8Array {
  const [text, encoding] = asArray(value);
  if (encoding !== 'base64' || typeof text !== 'string') throw new UnexpectedShape('base64 data', text);
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

/** Bytes in base58, as memcmp filters take them from every node. */
export function toBase58(bytes: Uint8Array): string {
  return bs58.encode(bytes);
}

/**
 * Quotes account balances that a JavaScript number cannot hold, before JSON.parse rounds them (TRAPS 26). It cannot
 * match inside a JSON string: there, the quote before the colon would be escaped.
 */
export function quoteLamports(json: string): string {
  return json.replace(/("lamports":\s*)(\d{16,20})(?=\s*[,}])/g, '$1"$2"');
}
