import type { Commitment } from '../lib/commitment.js';
import type { Attempt, ManagedTransaction } from './managed-transaction.js';
import type { ProgramRefusal } from './program-refusal.js';
import { transition, type TransactionEvent } from './transaction-machine.js';

/** Where the chain has a transaction. */
export interface Landing {
  readonly signature: string;
  readonly slot: number;
  readonly commitment: Commitment;
}

/**
 * The changes of a request, each null where the state it is in has no place for it: somebody else was first, and what they
 * wrote stands.
 */

/** A version is signed; nobody has sent it yet. */
export function signed(transaction: ManagedTransaction, attempt: Attempt): ManagedTransaction | null {
  const next = moved(transaction, 'signed');
  return next && { ...next, attempts: [...transaction.attempts, attempt] };
}

/** A version was offered to the nodes. `error`: what they said when none took it. */
export function offered(
  transaction: ManagedTransaction,
  signature: string,
  at: Date,
  error: string | null,
): ManagedTransaction | null {
  const next = moved(transaction, 'send-attempted');
  return (
    next &&
    withAttempts(next, (attempt) =>
      attempt.signature === signature
        ? {
            ...attempt,
            firstSentAt: attempt.firstSentAt ?? at,
            lastSentAt: at,
            sends: attempt.sends + 1,
            error,
          }
        : attempt,
    )
  );
}

/** It is on chain. */
export function landed(transaction: ManagedTransaction, landing: Landing): ManagedTransaction | null {
  const next = moved(transaction, landing.commitment === 'finalized' ? 'landed-final' : 'landed');
  return next && { ...next, ...landing };
}

/** It failed on chain: for good with a refusal, else in a block that may still be dropped. */
export function landedRefused(
  transaction: ManagedTransaction,
  landing: Landing,
  refusal: ProgramRefusal | null,
): ManagedTransaction | null {
  if (refusal) {
    const next = moved(transaction, 'refused-final');
    return next && { ...next, ...landing, refusal };
  }
  const next = moved(transaction, 'landed-refused');
  return next && nowhere(next);
}

/** A fork dropped the block that held it: its bytes are under way again. */
export function dropped(transaction: ManagedTransaction): ManagedTransaction | null {
  const next = moved(transaction, 'dropped');
  return next && nowhere(next);
}

/** None of its versions can ever land. `again`: another one will be signed. */
export function expired(transaction: ManagedTransaction, at: Date, again: boolean): ManagedTransaction | null {
  const next = moved(transaction, again ? 'expired-again' : 'expired-for-good');
  return next && nowhere(withAttempts(next, (attempt) => ({ ...attempt, expiredAt: attempt.expiredAt ?? at })));
}

/** The chain said no before anything was signed. */
export function refused(transaction: ManagedTransaction, refusal: ProgramRefusal): ManagedTransaction | null {
  const next = moved(transaction, 'refused-before-sending');
  return next && { ...next, refusal };
}

/** An operator took it back before anything was signed. */
export function cancelled(transaction: ManagedTransaction): ManagedTransaction | null {
  const next = moved(transaction, 'cancelled');
  return next && { ...next, wish: null };
}

function moved(transaction: ManagedTransaction, event: TransactionEvent): ManagedTransaction | null {
  const next = transition(transaction.state, event);
  if (next.kind === 'to') return { ...transaction, state: next.state };
  return next.kind === 'stay' ? transaction : null;
}

function nowhere(transaction: ManagedTransaction): ManagedTransaction {
  return { ...transaction, slot: null, commitment: null, signature: null };
}

function withAttempts(transaction: ManagedTransaction, change: (attempt: Attempt) => Attempt): ManagedTransaction {
  return { ...transaction, attempts: transaction.attempts.map(change) };
}
