import type { ChainPort } from '../chain/chain-port.js';

/** An endpoint that is asked alone, for accounts and for transactions. */
export interface OrphanWitness {
  readonly chain: Pick<ChainPort, 'accounts' | 'signatureStatuses'>;
}

/** Signatures per request: what an endpoint takes at once. */
const BATCH = 256;

/**
 * Tells of the id of an event whether some endpoint knows its transaction, or could not be asked: then it may have happened.
 * What is no event's id never did.
 */
export async function knownEvents(
  members: readonly OrphanWitness[],
  ids: readonly string[],
): Promise<(id: string) => boolean> {
  const signatures = [...new Set(ids.map(signatureOf).filter((signature) => signature !== null))];
  const known = new Set<string>();
  for (let start = 0; start < signatures.length; start += BATCH) {
    const batch = signatures.slice(start, start + BATCH);
    const answers = await Promise.allSettled(members.map(({ chain }) => chain.signatureStatuses(batch)));
    for (const [position, signature] of batch.entries()) {
      const isKnown = answers.some(
        (answer) => answer.status === 'rejected' || answer.value.statuses[position] !== null,
      );
      if (isKnown) known.add(signature);
    }
  }
  return (id) => known.has(signatureOf(id) ?? '');
}

/** The transaction in the id of a fact; null where it is no event's. */
function signatureOf(id: string): string | null {
  return /^([1-9A-HJ-NP-Za-km-z]{64,90})\/(log|cpi)\/\d+$/.exec(id)?.[1] ?? null;
}
