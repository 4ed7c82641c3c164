/** What was read from the chain, in this order, to learn whether an attempt can still land. */
export interface ExpiryEvidence {
  /** Of the attempt's blockhash. */
  readonly lastValidBlockHeight: number;
  /** Read first. */
  readonly finalizedBlockHeight: number;
  /** Read second: at or after the block of that height. */
  readonly finalizedSlot: number;
  /** Read last, with history searched: the slot the answering node speaks of, and whether it knows the signature. */
  readonly statusSlot: number;
  readonly statusKnown: boolean;
  /** Whether any endpoint can still show the transaction itself. */
  readonly transactionKnown: boolean;
}

/**
 * True only when the attempt is absent and can never land: the finalized chain is past its blockhash's last height,
 * and a node that is itself past that point, asked afterwards, does not know it (TRAPS 17). Time is no proof.
 */
export function isExpiryProven(evidence: ExpiryEvidence): boolean {
  return (
    evidence.finalizedBlockHeight > evidence.lastValidBlockHeight &&
    evidence.statusSlot >= evidence.finalizedSlot &&
    !evidence.statusKnown &&
    !evidence.transactionKnown
  );
}
