import { mongo } from 'mongoose';

/** Decimal128 keeps 34 significant digits: enough for u64 and i64, not for every u128. */
const MAX_DECIMAL_DIGITS = 34;
const BIG_INTEGER_SUBTYPE = mongo.Binary.SUBTYPE_USER_DEFINED;

/**
 * The BSON form of a decoded value: u64s become Decimal128 (exact, and MongoDB sorts and compares them as numbers),
 * integers too wide for that become tagged binary, bytes become binary. Everything else is BSON's own.
 * @throws TypeError for an invalid Date.
 */
export function toStored(value: unknown): unknown {
  if (typeof value === 'bigint') return storedBigInt(value);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return storedDate(value);
  if (value instanceof Uint8Array) return new mongo.Binary(value);
  if (Array.isArray(value)) return value.map(toStored);
  const stored: Record<string, unknown> = {};
  for (const name of Object.keys(value)) stored[name] = toStored((value as Record<string, unknown>)[name]);
  return stored;
}

/** The decoded form of a stored value: the inverse of `toStored`. */
export function fromStored(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (value instanceof mongo.Decimal128) return fromDecimal(value.toString());
  if (value instanceof mongo.Long) return value.toBigInt();
  if (value instanceof mongo.Binary) {
    const text = value.sub_type === BIG_INTEGER_SUBTYPE ? Buffer.from(value.value()).toString('latin1') : '';
    // Somebody else may use the subtype for something of their own.
    return /^-?\d+$/.test(text) ? BigInt(text) : new Uint8Array(value.value());
  }
  if (value instanceof mongo.ObjectId) return value.toHexString();
  if (Array.isArray(value)) return value.map(fromStored);
  const plain: Record<string, unknown> = {};
  for (const name of Object.keys(value)) plain[name] = fromStored((value as Record<string, unknown>)[name]);
  return plain;
}

/** BSON would turn it into 1970. */
function storedDate(value: Date): Date {
  if (Number.isNaN(value.getTime())) throw new TypeError('An invalid Date cannot be stored.');
  return value;
}

function storedBigInt(value: bigint): mongo.Decimal128 | mongo.Binary {
  const digits = value.toString();
  return digits.length <= MAX_DECIMAL_DIGITS
    ? mongo.Decimal128.fromString(digits)
    : new mongo.Binary(Buffer.from(digits, 'latin1'), BIG_INTEGER_SUBTYPE);
}

/**
 * Somebody else may have written 5.0 or 5E+3 where we would write 5 or 5000: the same number. What is no whole number at
 * all (1.5, NaN) never came from us; as a number it is unequal to everything we expect there.
 */
function fromDecimal(text: string): bigint | number {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/i.exec(text);
  if (!match) return Number(text);
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (/[1-9]/.test(digits.slice(Math.max(point, 0)))) return Number(text);
  const shown = point >= digits.length ? digits.padEnd(point, '0') : digits.slice(0, Math.max(point, 0)) || '0';
  return BigInt(sign + shown);
}
