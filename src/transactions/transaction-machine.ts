import type { TransactionState } from './managed-transaction.js';

/** What can happen to a request. */
export type TransactionEvent =
  /** The chain said no in the simulation, or the plan could not be made: nothing that can land is signed. */
  | 'refused-before-sending'
  /** Bytes are signed and stored. */
  | 'signed'
  /** The bytes were handed to a node, whatever it answered. */
  | 'send-attempted'
  /** It is on chain, without error, at confirmed. */
  | 'landed'
  /** It is on chain, without error, for good. */
  | 'landed-final'
  /** It is on chain and failed there, in a block that may still be dropped: proves nothing. */
  | 'landed-refused'
  /** It failed on chain for good. */
  | 'refused-final'
  /** A fork dropped the block that held it. */
  | 'dropped'
  /** It is proven of every version that it can never land; another one will be signed. */
  | 'expired-again'
  /** It is proven of every version that it can never land; no other one will be signed. */
  | 'expired-for-good'
  /** An operator took it back. */
  | 'cancelled'
  /** The chain does not know it, or nobody could say: proves nothing. */
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

/** Everything from which no event leads on: the request has its last answer. */
export function isResting(state: TransactionState): boolean {
  return state === 'finalized' || state === 'failed' || state === 'expired' || state === 'cancelled';
}

/** Whether a client has the answer it waits for: the last one, or that it landed. */
export function isAnswered(state: TransactionState): boolean {
  return state === 'confirmed' || isResting(state);
}

/**
 * The whole life of a request. Only what has no living bytes can be refused, cancelled or signed; nothing but a look at
 * the chain ends what was signed, and only at finalized: an error on the way, a null or a block that may be dropped is
 * never an answer (I5, I9).
 */
export function transition(state: TransactionState, event: TransactionEvent): Transition {
  if (isResting(state)) return FINAL;
  const isSigned = state === 'signed' || state === 'sent' || state === 'confirmed';
  const fromSigned = (next: TransactionState): Transition => {
    if (!isSigned) return IMPOSSIBLE;
    return next === state ? STAY : { kind: 'to', state: next };
  };
  switch (event) {
    case 'not-known':
      return STAY;
    case 'refused-before-sending':
      return state === 'pending' ? { kind: 'to', state: 'failed' } : IMPOSSIBLE;
    case 'cancelled':
      return isSigned ? IMPOSSIBLE : { kind: 'to', state: 'cancelled' };
    case 'signed':
      // A further version, over the same nonce, leaves what is under way where it is.
      return isSigned ? STAY : { kind: 'to', state: 'signed' };
    case 'send-attempted':
      if (!isSigned) return IMPOSSIBLE;
      return state === 'signed' ? { kind: 'to', state: 'sent' } : STAY;
    case 'landed':
      return fromSigned('confirmed');
    case 'landed-final':
      return fromSigned('finalized');
    case 'landed-refused':
    case 'dropped':
      if (!isSigned) return IMPOSSIBLE;
      return state === 'confirmed' ? { kind: 'to', state: 'sent' } : STAY;
    case 'refused-final':
      return fromSigned('failed');
    case 'expired-again':
      return fromSigned('pending');
    case 'expired-for-good':
      return fromSigned('expired');
  }
}
