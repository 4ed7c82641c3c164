import { withNumberGivenBack } from './give-back.js';
import type { IndexCounter } from './index-counter.js';
import type { ManagedTransaction } from './managed-transaction.js';
import type { Decision } from './signer-writer.js';
import { cancelled } from './transaction-changes.js';
import { isResting } from './transaction-machine.js';

/**
 * What becomes of a request with a wish: taken back, with its number, where nothing is signed; otherwise it goes on without
 * the wish. Null where it has come to rest meanwhile: it gave its number back then, and somebody else may have it by now.
 */
export function heedWish(now: ManagedTransaction, row: IndexCounter): Decision | null {
  if (isResting(now.state)) return null;
  const taken = now.wish === 'cancel' ? cancelled(now) : null;
  return withNumberGivenBack(taken ?? { ...now, wish: null }, row);
}
