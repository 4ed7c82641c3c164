/** What one endpoint said, asked in this order, to learn whether an attempt can still land. */
export interface ExpiryTestimony {
  /** First: whether at finalized its lifetime is over, by the block height or by the nonce account. */
  readonly isOver: boolean;
  /** The finalized slot that the same answer speaks of, or a later one. */
  readonly finalizedSlot: number;
  /** Then, with history searched: the slot the answering node speaks of, and whether it knows the signature. */
  readonly statusSlot: number;
  readonly statusKnown: boolean;
  /** Last: whether it can show the transaction itself. */
  readonly transactionKnown: boolean;
}

/**
 * True only when the attempt is absent and can never land: its lifetime is over at finalized, and a node that is itself past
 * that point, asked afterwards, does not know it (TRAPS 17). Time is no proof, and one endpoint is none where there are more:
 * `needed` of them have to say so, and one that knows the signature outweighs all others (I5).
 */
export function isExpiryProven(testimonies: readonly ExpiryTestimony[], needed: number): boolean {
  if (testimonies.some(({ statusKnown, transactionKnown }) => statusKnown || transactionKnown)) return false;
  const proofs = testimonies.filter(({ isOver, statusSlot, finalizedSlot }) => isOver && statusSlot >= finalizedSlot);
  return needed > 0 && proofs.length >= needed;
}
