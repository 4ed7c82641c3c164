import type { SignatureStatus } from '../chain/chain-port.js';
import type { DropProof } from './prove-dropped.js';
import { witnessesNeeded } from '../chain/witnesses.js';

/** What one endpoint says of the version of a transaction that the ledger holds. */
export interface DropTestimony {
  /** Host only. */
  readonly endpoint: string;
  readonly proof: DropProof;
  /** Its status, history searched: null where the node knows of none, `unknown` where it could not be asked. */
  readonly status: SignatureStatus | null | 'unknown';
}

/** What all endpoints together say. Only `dropped` may take anything out of the documents. */
export type DropAgreement =
  | { readonly kind: 'dropped'; readonly how: 'block-lacks-it' | 'slot-skipped' }
  /** It is final in another slot, or failed: the transaction itself has to be looked at. */
  | { readonly kind: 'elsewhere' }
  /** At least one has it. `contradictedBy`: endpoints that say otherwise for certain. */
  | { readonly kind: 'present'; readonly contradictedBy: readonly string[] }
  | { readonly kind: 'unknown'; readonly reason: string };

type Opinion = Exclude<DropAgreement, { kind: 'present' }> | { readonly kind: 'present' };

/**
 * Puts the endpoints' testimonies together. One that cannot tell delays and never reverts (I5); one that has the
 * transaction outweighs any number that prove its drop: a wrong rollback harms, a late one does not.
 */
export function agreeOnDrop(slot: number, testimonies: readonly DropTestimony[]): DropAgreement {
  const opinions = testimonies.map((testimony) => ({
    endpoint: testimony.endpoint,
    opinion: opinionOf(slot, testimony),
  }));
  const having = (kind: Opinion['kind']) => opinions.filter(({ opinion }) => opinion.kind === kind);
  if (having('present').length > 0) {
    const against = [...having('dropped'), ...having('elsewhere')];
    return { kind: 'present', contradictedBy: against.map(({ endpoint }) => endpoint) };
  }
  const [proofs, elsewhere] = [having('dropped'), having('elsewhere')];
  const needed = witnessesNeeded(testimonies.length);
  // Who proves that it is not here does not contradict who has it elsewhere: the transaction itself is asked for then.
  if (elsewhere.length > 0 && elsewhere.length + proofs.length >= needed) return { kind: 'elsewhere' };
  const first = proofs[0]?.opinion;
  if (first?.kind === 'dropped' && proofs.length >= needed) return first;
  const doubts = opinions.flatMap(({ endpoint, opinion }) =>
    opinion.kind === 'unknown' ? [`${endpoint}: ${opinion.reason}`] : [],
  );
  return { kind: 'unknown', reason: doubts.join('; ') || 'no endpoint was asked' };
}

function opinionOf(slot: number, { proof, status }: DropTestimony): Opinion {
  const isKnown = status !== null && status !== 'unknown';
  if (isKnown && status.commitment === 'finalized') {
    return status.slot === slot && !status.failed ? { kind: 'present' } : { kind: 'elsewhere' };
  }
  if (proof.kind === 'present') return { kind: 'present' };
  if (status === 'unknown') return { kind: 'unknown', reason: 'its status could not be asked for' };
  if (proof.kind === 'unknown') return proof;
  if (isKnown) return { kind: 'unknown', reason: `it is in slot ${status.slot} there, which is not final yet` };
  return proof;
}
