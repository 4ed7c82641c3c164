import { currentAttempt, livingAttempts, type ManagedTransaction, type Wish } from './managed-transaction.js';
import { isResting } from './transaction-machine.js';

/** Why a wish is not even left for the desk, for whoever asked; null: the desk decides. */
export function whyNot(transaction: ManagedTransaction, wish: Wish): string | null {
  const { state } = transaction;
  if (isResting(state)) return `It is ${state}: that was its last answer, and nothing changes it any more.`;
  if (state === 'prepared') {
    return 'A wallet has its bytes and may sign and send them without this server: only their lifetime ends it.';
  }
  switch (wish) {
    case 'cancel':
      return state === 'pending' ? null : whySigned(transaction);
    case 'resubmit':
      return state === 'confirmed' ? 'It is on chain already and only waits to be final.' : null;
    case 'bump':
      return whyNoBump(transaction);
  }
}

/** What became of a wish, by the request before and after the desk looked at it. */
export function outcomeOf(
  wish: Wish,
  before: ManagedTransaction,
  after: ManagedTransaction,
): { readonly isDone: boolean; readonly detail: string } {
  const { state } = after;
  switch (wish) {
    case 'cancel':
      return state === 'cancelled'
        ? { isDone: true, detail: 'Cancelled: nothing of it was ever sent, and nothing will be.' }
        : { isDone: false, detail: isResting(state) ? `It is ${state} by now.` : whySigned(after) };
    case 'resubmit':
      if (state === 'confirmed' || state === 'finalized') return { isDone: true, detail: `It is ${state}.` };
      if (isResting(state)) return { isDone: false, detail: `It is ${state} by now.` };
      return hasActed(wish, before, after)
        ? { isDone: true, detail: `Its bytes were handed to the nodes again; ${state}.` }
        : { isDone: true, detail: 'The desk looks at it now: what no node knows is handed to them again, or signed.' };
    case 'bump':
      return hasActed(wish, before, after)
        ? { isDone: true, detail: `Version ${after.attempts.length} is signed over the same nonce and offers more.` }
        : {
            isDone: false,
            detail:
              state === 'sent' || state === 'signed'
                ? 'No version that offers more was signed by now: the desk does so once nodes say that it has not landed, up to PRIORITY_FEE_CAP.'
                : `It is ${state} by now: nothing more has to be offered.`,
          };
  }
}

/** Whether the request shows that the desk did what it was told, beyond heeding it; a cancel is done with that. */
export function hasActed(wish: Wish, before: ManagedTransaction, after: ManagedTransaction): boolean {
  switch (wish) {
    case 'cancel':
      return true;
    case 'resubmit':
      return sendsOf(after) > sendsOf(before);
    case 'bump':
      return after.attempts.length > before.attempts.length;
  }
}

/** Bytes handed to nodes, over all versions. */
function sendsOf({ attempts }: ManagedTransaction): number {
  return attempts.reduce((sum, { sends }) => sum + sends, 0);
}

function whySigned(transaction: ManagedTransaction): string {
  const attempt = currentAttempt(transaction);
  const signature = attempt ? ` (${attempt.signature})` : '';
  return (
    `Bytes of it are signed${signature}, and whoever has them can send them: it cannot be taken back. ` +
    `It lands, or it is proven that it never can${untilOf(transaction)}.`
  );
}

/** A bump is a further signature: over another blockhash both could land (TRAPS 16). */
function whyNoBump(transaction: ManagedTransaction): string | null {
  const { state, lifetime } = transaction;
  if (state === 'confirmed') return 'It is on chain already: nothing has to be paid for any more.';
  if (state === 'pending') return 'Nothing is signed yet: the first version offers what the market asks then.';
  if (lifetime === 'nonce') return null;
  return (
    `A further version over another blockhash could land beside this one, and have its effect twice. So its bytes are ` +
    `offered again every few seconds${untilOf(transaction)}; once it is proven that they can never land, ` +
    `a version that offers more is signed by itself (TRANSACTION_ATTEMPTS).`
  );
}

function untilOf(transaction: ManagedTransaction): string {
  const lifetime = livingAttempts(transaction).at(-1)?.lifetime;
  return lifetime?.kind === 'blockhash' ? `, which is after block ${lifetime.lastValidBlockHeight} is final` : '';
}
