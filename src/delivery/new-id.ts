import { randomBytes } from 'node:crypto';

const ID_BYTES = 12;
const STEP_BYTES = 8;

/** Random bytes, as of node:crypto. The simulation gives its own, so that a seed is the same run again. */
export type RandomBytes = (size: number) => Buffer;

/** `<prefix>_` and 24 hex digits that nobody can guess. */
export function newId(prefix: string, bytes: RandomBytes = randomBytes): string {
  return `${prefix}_${bytes(ID_BYTES).toString('hex')}`;
}

/** Makes ids as `newId` does, each above the one before: what is written together is told in the order of its ids. */
export function risingIds(prefix: string, bytes: RandomBytes = randomBytes): () => string {
  // The highest bit stays free for what is added: no number of ids that fits into memory fills it.
  let last = number(bytes(ID_BYTES)) >> 1n;
  return () => {
    last += 1n + number(bytes(STEP_BYTES));
    return `${prefix}_${last.toString(16).padStart(2 * ID_BYTES, '0')}`;
  };
}

function number(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
