import { livingAttempts, type ManagedTransaction } from './managed-transaction.js';
import { isResting } from './transaction-machine.js';

/** Something that is not over after so long is worth a look, in milliseconds: a block takes 400 ms, finality 13 s. */
const LONG_MS = 60_000;
/** A desk does what an operator wants within a second or so. */
const STALE_WISH_MS = 60_000;

/**
 * What cannot be in a request that mooring alone writes, such as after somebody edited the database; null: nothing of the
 * kind.
 */
export function oddityOf(transaction: ManagedTransaction): string | null {
  const { state, attempts, counter, allocation, slot, signature } = transaction;
  const living = livingAttempts(transaction).length;
  if (state === 'pending' && living > 0) return 'pending, with bytes that may land';
  if ((state === 'signed' || state === 'sent') && living === 0) return `${state}, with no bytes that could land`;
  if (state === 'confirmed' && living === 0) return 'confirmed, with nothing that could have landed';
  if ((state === 'confirmed' || state === 'finalized') && (slot === null || signature === null)) {
    return `${state}, and nothing says where`;
  }
  if (signature !== null && !attempts.some((attempt) => attempt.signature === signature)) {
    return 'landed with a signature that is none of its own';
  }
  if (counter !== null && allocation !== null && allocation.counter !== counter) return 'its number is of another row';
  if (counter !== null && allocation === null && living > 0) return 'signed without the number it needs';
  return null;
}

/** Of a wish that nobody came to do: since when it waits, in milliseconds; null where there is none, or it is new. */
export function staleWishMs({ wish, state, updatedAt }: ManagedTransaction, nowMs: number): number | null {
  const waitedMs = nowMs - updatedAt.getTime();
  return wish !== null && !isResting(state) && waitedMs >= STALE_WISH_MS ? waitedMs : null;
}

/** Why an open request is worth a look; null: it goes its way. */
export function troubleOf(transaction: ManagedTransaction, nowMs: number): string | null {
  const { state, attempts, createdAt, updatedAt } = transaction;
  const oddity = oddityOf(transaction);
  if (oddity !== null) return `this cannot be: ${oddity}`;
  // What waits for a person to sign is as it should be, for as long as it takes them.
  if (isResting(state) || state === 'prepared') return null;
  const stale = staleWishMs(transaction, nowMs);
  if (stale !== null) return `nobody did what an operator wants (${transaction.wish})`;
  if (state === 'confirmed') {
    return nowMs - updatedAt.getTime() >= LONG_MS ? 'on chain, and not final for long' : null;
  }
  const newest = attempts.at(-1);
  if (newest && newest.error !== null && newest.expiredAt === null) return newest.error;
  const expired = attempts.filter(({ expiredAt }) => expiredAt !== null).length;
  if (expired > 0) return `signed anew: ${expired} of its versions can never land`;
  if (nowMs - createdAt.getTime() < LONG_MS) return null;
  if (state === 'pending') return 'nobody has signed it';
  return `offered ${newest?.sends ?? 0} times, and not on chain`;
}
