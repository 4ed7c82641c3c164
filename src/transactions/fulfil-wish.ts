import type { Clock } from '../lib/clock.js';
import { hasActed, outcomeOf, whyNot } from './judge-wish.js';
import type { ManagedTransaction, Wish } from './managed-transaction.js';
import { isAnswered, isResting } from './transaction-machine.js';
import type { TransactionStore } from './transaction-store.js';

/**
 * done: as wanted. not-done: the desk could not, or it was not even asked; `detail` says why. waiting: nobody who holds the
 * signer's lease came to it in time; the wish stays, and is done once somebody does.
 */
export interface WishOutcome {
  readonly kind: 'done' | 'not-done' | 'waiting';
  readonly detail: string;
  readonly transaction: ManagedTransaction;
}

interface WishDeps {
  readonly store: Pick<TransactionStore, 'find' | 'wish'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
}

const LOOK_EVERY_MS = 50;
/** What the desk takes to hand bytes over, or to sign a version that offers more, once it heeded a wish; in milliseconds. */
const ACTED_MS = 2_500;

/**
 * Leaves a wish for whoever holds the signer's lease, and waits up to `waitMs` to see what becomes of it: nobody else may
 * touch the request. Null: there is no such request.
 */
export async function fulfilWish(
  { store, clock }: WishDeps,
  id: string,
  wish: Wish,
  waitMs: number,
): Promise<WishOutcome | null> {
  const before = await store.find(id);
  if (!before) return null;
  const reason = whyNot(before, wish);
  if (reason !== null) return { kind: 'not-done', detail: reason, transaction: before };
  // False: it came to rest in between, or somebody wants something else, which the look below shows.
  await store.wish(id, wish, new Date(clock.now()));
  const heeded = await lookFor(waitMs, (now) => now.wish !== wish || isResting(now.state));
  if (heeded.wish === wish && !isResting(heeded.state))
    return { kind: 'waiting', detail: describeWaiting(heeded), transaction: heeded };
  if (heeded.wish !== null && heeded.wish !== wish)
    return { kind: 'not-done', detail: describeOther(heeded), transaction: heeded };
  const after = hasActed(wish, before, heeded)
    ? heeded
    : await lookFor(ACTED_MS, (now) => isAnswered(now.state) || hasActed(wish, before, now));
  const { isDone, detail } = outcomeOf(wish, before, after);
  return { kind: isDone ? 'done' : 'not-done', detail, transaction: after };

  /** The request once it is so, or as it is after `forMs`. */
  async function lookFor(forMs: number, isSo: (now: ManagedTransaction) => boolean): Promise<ManagedTransaction> {
    const begunMs = clock.monotonic();
    for (;;) {
      const now = await store.find(id);
      if (!now) throw new Error(`managed transaction ${id} disappeared`);
      if (isSo(now) || clock.monotonic() - begunMs >= forMs) return now;
      await clock.sleep(LOOK_EVERY_MS);
    }
  }
}

function describeOther({ wish, signer }: ManagedTransaction): string {
  return (
    `Somebody wants to ${wish} it, and nobody has come to that yet (npm run signers -- show ${signer}). ` +
    `Ask again once it is done.`
  );
}

function describeWaiting({ signer, wish }: ManagedTransaction): string {
  return (
    `Nobody has come to it yet: whoever holds the lease of ${signer} does (npm run signers -- show ${signer}). ` +
    `The wish to ${wish} it stays until then.`
  );
}
