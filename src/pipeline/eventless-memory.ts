import { BoundedMap } from '../lib/bounded-map.js';
import type { Commitment } from '../lib/commitment.js';

/** Transactions remembered, so that every sweep does not fetch them again. */
const MOST_REMEMBERED = 50_000;

/** Which transactions hold no events of the program: nothing in the ledger tells of them. */
export class EventlessMemory {
  readonly #heard = new BoundedMap<string, number>(MOST_REMEMBERED);
  readonly #final = new BoundedMap<string, number>(MOST_REMEMBERED);

  /** @param seenAs how settled the transaction was when it was seen to hold none, in this slot. */
  remember(signature: string, slot: number, seenAs: Commitment): void {
    (seenAs === 'finalized' ? this.#final : this.#heard).set(signature, slot);
  }

  /**
   * Is it known to hold no events in this slot? For a walk at finalized only what was final counts: a fork may have put
   * another block into the same slot, where the same transaction did something else (I4).
   */
  has(signature: string, slot: number, walk: Commitment): boolean {
    if (this.#final.get(signature) === slot) return true;
    return walk !== 'finalized' && this.#heard.get(signature) === slot;
  }
}
