import type { TransactionState } from './managed-transaction.js';

/** What can happen to a managed transaction. */
export type TransactionEvent =
  /** The chain said no before any bytes left. */
  | 'refused-before-sending'
  /** Signed bytes are stored. */
  | 'signed'
  /** The bytes were handed to a node, whatever it answered. */
  | 'send-attempted'
  /** Seen without error at confirmed or better. */
  | 'landed'
  /** Seen with an error at confirmed or better. */
  | 'landed-refused'
  /** Proven that it is not there and never can be. */
  | 'expiry-proven'
  /** Not seen yet, or nobody could say: proves nothing. */
  | 'not-known';

/** The next state, or why there is none. `stay`: the event is possible and changes nothing. */
export type Transition =
  | { readonly kind: 'to'; readonly state: TransactionState }
  | { readonly kind: 'stay' }
  | { readonly kind: 'final' }
  | { readonly kind: 'impossible' };

const STAY: Transition = { kind: 'stay' };
const IMPOSSIBLE: Transition = { kind: 'impossible' };
const FINAL: Transition = { kind: 'final' };

/** Everything from which no event leads on: the request has its answer. */
export function isResting(state: TransactionState): boolean {
  return state === 'confirmed' || state === 'failed' || state === 'expired';
}

/**
 * The whole life of a request. Only `pending` can be refused without an attempt, only what was signed can land, and
 * nothing but a look at the chain ends what was signed: an error on the way is never an answer (I5, I9).
 */
export function transition(state: TransactionState, event: TransactionEvent): Transition {
  if (isResting(state)) return FINAL;
  switch (event) {
    case 'not-known':
      return STAY;
    case 'refused-before-sending':
      return state === 'pending' ? { kind: 'to', state: 'failed' } : IMPOSSIBLE;
    case 'signed':
      return state === 'pending' ? { kind: 'to', state: 'signed' } : IMPOSSIBLE;
    case 'send-attempted':
      if (state === 'pending') return IMPOSSIBLE;
      return state === 'sent' ? STAY : { kind: 'to', state: 'sent' };
    // From `signed` as well: a process may die between sending and noting that it sent.
    case 'landed':
      return state === 'pending' ? IMPOSSIBLE : { kind: 'to', state: 'confirmed' };
    case 'landed-refused':
      return state === 'pending' ? IMPOSSIBLE : { kind: 'to', state: 'failed' };
    case 'expiry-proven':
      return state === 'pending' ? IMPOSSIBLE : { kind: 'to', state: 'expired' };
  }
}
