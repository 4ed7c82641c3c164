import { createHash } from 'node:crypto';

/** What a walk listed, as one number and a count: equal for equal listings, in whatever order. Plain JSON. */
export interface Listing {
  readonly count: number;
  /** 128 bits in hexadecimal. */
  readonly sum: string;
}

const BITS = 128;

/** A listing of nothing. */
export const EMPTY_LISTING: Listing = { count: 0, sum: '0' };

/**
 * The listing with one more transaction. A sum of hashes, so that millions of signatures are compared in constant
 * memory and a walk that was interrupted counts on; a sum and not XOR, so that counting one twice never passes for not
 * counting it.
 */
export function withListed(listing: Listing, signature: string, slot: number): Listing {
  const hash = createHash('sha256').update(`${slot}:${signature}`).digest('hex');
  const added = BigInt(`0x${hash.slice(0, BITS / 4)}`);
  const sum = BigInt.asUintN(BITS, BigInt(`0x${listing.sum}`) + added);
  return { count: listing.count + 1, sum: sum.toString(16) };
}

/** Whether two walks listed the same transactions at the same slots. */
export function isSameListing(one: Listing, other: Listing): boolean {
  return one.count === other.count && one.sum === other.sum;
}
