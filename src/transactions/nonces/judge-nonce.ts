import type { NonceReading } from './nonce-account.js';
import type { NonceProblem, StoredNonce } from './stored-nonce.js';

/** What a finalized block says of a nonce account. */
export type NonceSighting =
  /** An error, a null of a single node, or an older view: nothing follows from it (I5). */
  | { readonly kind: 'unknown' }
  /** Not there for as many endpoints as it takes. */
  | { readonly kind: 'gone'; readonly slot: number }
  | { readonly kind: 'account'; readonly slot: number; readonly reading: NonceReading; readonly isFunded: boolean };

/**
 * The transaction that claimed a nonce. open: it has no end yet. rests: it has. unsigned: nothing of it was ever signed over
 * the value that is stored. missing: there is no such transaction, so nobody knows what it signed.
 */
export type ClaimFate = 'open-unsigned' | 'open-signed' | 'rests-unsigned' | 'rests-signed' | 'missing';

/** What a refresh did to one. */
export type NonceStep =
  /** Its value is another one in a finalized block: it may be used again. */
  | 'cooled-down'
  /** Its transaction has ended or does not exist: taken back. */
  | 'taken-back'
  | 'broken'
  /** It was broken and is not any more. */
  | 'mended'
  /** The database said something else than the chain. */
  | 'corrected';

type Changed = Omit<StoredNonce, '_id' | 'authority' | 'index' | 'updatedAt'>;

/** What a stored nonce becomes. */
export interface NonceChange {
  readonly step: NonceStep;
  readonly next: Changed;
}

/**
 * What follows for a stored nonce from what a finalized block says of it, and from the fate of the transaction that has
 * it (null where none has); null: nothing changes. The chain decides about the value, and nothing is available over
 * whose value something may still land.
 */
export function judgeNonce(nonce: StoredNonce, seen: NonceSighting, fate: ClaimFate | null): NonceChange | null {
  if (seen.kind === 'unknown' || seen.slot < nonce.seenAtSlot) return null;
  // Only the command that began it ends it.
  if (nonce.reason === 'withdrawing') return null;
  const problem = problemOf(nonce, seen);
  if (problem === 'closed' && nonce.reason === 'making') return null;
  const isHeld = nonce.state === 'claimed' && (fate === 'open-unsigned' || fate === 'open-signed');
  const next = isHeld ? whileHeld(nonce, seen, fate, problem) : onceFree(nonce, seen, fate, problem);
  return isSame(nonce, next) ? null : { step: stepOf(nonce, next), next };
}

/** Whether a cooling nonce waits for what may never come: something may land over the very value that the chain has. */
export function isStuck(nonce: StoredNonce, seen: NonceSighting): boolean {
  return (
    nonce.state === 'cooling' &&
    nonce.used &&
    seen.kind === 'account' &&
    seen.reading.kind === 'nonce' &&
    seen.reading.value === nonce.value
  );
}

type Known = Exclude<NonceSighting, { readonly kind: 'unknown' }>;

function problemOf(nonce: StoredNonce, seen: Known): NonceProblem | null {
  if (seen.kind === 'gone') return 'closed';
  if (seen.reading.kind === 'refused') return seen.reading.reason;
  if (seen.reading.authority !== nonce.authority) return 'other-authority';
  return seen.isFunded ? null : 'underfunded';
}

function whileHeld(nonce: StoredNonce, seen: Known, fate: ClaimFate | null, problem: NonceProblem | null): Changed {
  const held: Changed = { ...nonce, used: true, reason: problem };
  // Over what was signed the value stays, for it tells what the attempt waits for.
  return problem === null && fate === 'open-unsigned' ? { ...held, ...valueOf(nonce, seen) } : held;
}

function onceFree(nonce: StoredNonce, seen: Known, fate: ClaimFate | null, problem: NonceProblem | null): Changed {
  const used = nonce.state === 'claimed' ? fate !== 'rests-unsigned' : nonce.used;
  const free: Changed = { ...nonce, used, claimedBy: null, claimedAt: null, reason: problem };
  if (problem !== null) return { ...free, state: 'broken' };
  const value = valueOf(nonce, seen);
  if (used && value.value === nonce.value) return { ...free, state: 'cooling' };
  return { ...free, ...value, state: 'available', used: false };
}

function valueOf(nonce: StoredNonce, seen: Known): Pick<Changed, 'value' | 'advancedAtSlot' | 'seenAtSlot'> {
  const { value, advancedAtSlot, seenAtSlot } = nonce;
  if (seen.kind !== 'account' || seen.reading.kind !== 'nonce' || seen.reading.value === value) {
    return { value, advancedAtSlot, seenAtSlot };
  }
  return { value: seen.reading.value, advancedAtSlot: value === '' ? null : seen.slot, seenAtSlot: seen.slot };
}

function isSame(nonce: StoredNonce, next: Changed): boolean {
  return (
    nonce.state === next.state &&
    nonce.value === next.value &&
    nonce.used === next.used &&
    nonce.claimedBy === next.claimedBy &&
    nonce.reason === next.reason
  );
}

function stepOf(nonce: StoredNonce, next: Changed): NonceStep {
  if (next.state === 'broken') return 'broken';
  if (nonce.state === 'broken') return 'mended';
  if (nonce.state === 'claimed' && next.state !== 'claimed') return 'taken-back';
  return nonce.state === 'cooling' && next.state === 'available' ? 'cooled-down' : 'corrected';
}
