import { isAscii } from 'node:buffer';
import { publicKeyToBase58 } from './base58.js';

/** Why reading stopped. */
export interface BorshFailure {
  readonly reason: 'short' | 'trailing' | 'invalid';
  readonly detail: string;
}

/** Types that contain themselves may nest this deep: enough for real data, too little to exhaust the stack. */
const MAX_NESTING = 64;
const PUBLIC_KEY_BYTES = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads borsh values one after the other. The first failure is kept and values read from then on mean nothing: a caller
 * checks `failure` at the end, and inside loops.
 */
export class BorshReader {
  failure: BorshFailure | null = null;
  /** Path of the field that failed, `promotion.tags[3]`, as far as `failedWithin` was told. */
  failedAt = '';
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;
  #nesting = 0;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Keeps the first failure. */
  fail(reason: BorshFailure['reason'], detail: string): void {
    this.failure ??= { reason, detail };
  }

  /** Puts the field being read before the path to where it failed. */
  failedWithin(field: string): void {
    const joint = this.failedAt === '' || this.failedAt.startsWith('[') ? '' : '.';
    this.failedAt = field + joint + this.failedAt;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : this.#bytes[at]!;
  }

  i8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : this.#view.getInt8(at);
  }

  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : this.#view.getUint16(at, true);
  }

  i16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : this.#view.getInt16(at, true);
  }

  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : this.#view.getUint32(at, true);
  }

  i32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : this.#view.getInt32(at, true);
  }

  f32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : this.#view.getFloat32(at, true);
  }

  f64(): number {
    const at = this.#take(8);
    return at < 0 ? 0 : this.#view.getFloat64(at, true);
  }

  u64(): bigint {
    const at = this.#take(8);
    return at < 0 ? 0n : this.#view.getBigUint64(at, true);
  }

  i64(): bigint {
    const at = this.#take(8);
    return at < 0 ? 0n : this.#view.getBigInt64(at, true);
  }

  /** An unsigned integer of `words` × 64 bits. */
  unsigned(words: number): bigint {
    const at = this.#take(words * 8);
    if (at < 0) return 0n;
    let value = 0n;
    for (let word = words - 1; word >= 0; word--) value = (value << 64n) | this.#view.getBigUint64(at + word * 8, true);
    return value;
  }

  /** A two's complement integer of `words` × 64 bits. */
  signed(words: number): bigint {
    return BigInt.asIntN(words * 64, this.unsigned(words));
  }

  /** A byte that says no (0) or yes (1) and nothing else. */
  flag(what: string): boolean {
    const byte = this.u8();
    if (byte > 1) this.fail('invalid', `${what} is ${byte}, not 0 or 1`);
    return byte === 1;
  }

  /** A view of the next `count` bytes. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return at < 0 ? new Uint8Array(0) : this.#bytes.subarray(at, at + count);
  }

  /** A public key as base58. */
  publicKey(): string {
    const at = this.#take(PUBLIC_KEY_BYTES);
    return at < 0 ? '' : publicKeyToBase58(this.#bytes, at);
  }

  /** The u32 length of a string, byte string or vector whose elements take at least `elementBytes` each. */
  length(elementBytes: number): number {
    const count = this.u32();
    if (count * elementBytes <= this.remaining) return count;
    this.fail('short', `${count} elements announced, ${this.remaining} bytes left`);
    return 0;
  }

  /** A string; bytes that are not UTF-8 are refused, as Rust refuses them, and a byte order mark is kept. */
  string(): string {
    const bytes = this.bytes(this.length(1));
    if (isAscii(bytes)) return asBuffer(bytes).toString('latin1');
    try {
      return utf8.decode(bytes);
    } catch {
      this.fail('invalid', 'not UTF-8');
      return '';
    }
  }

  /** Reads a type that contains itself, down to a fixed depth. `read` is not called after a failure. */
  nested<T>(read: (reader: this) => T, otherwise: T): T {
    if (this.#nesting === MAX_NESTING) this.fail('invalid', `nested more than ${MAX_NESTING} deep`);
    if (this.failure) return otherwise;
    this.#nesting++;
    const value = read(this);
    this.#nesting--;
    return value;
  }

  /** The offset of the next `count` bytes, now taken; −1 if there are not so many. */
  #take(count: number): number {
    const at = this.#offset;
    if (count > this.#bytes.length - at) {
      this.fail('short', `${count} bytes needed, ${this.#bytes.length - at} left`);
      return -1;
    }
    this.#offset = at + count;
    return at;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
