import type { SignatureStatus } from '../chain/chain-port.js';
import type { Landing } from './transaction-changes.js';

/** What the chain shows of a request by the statuses of its versions. */
export type Sight =
  | { readonly kind: 'landed' | 'landed-refused'; readonly landing: Landing }
  /** Executed in a block that few have voted for. */
  | { readonly kind: 'seen' }
  /** Nothing is known of any version, here. */
  | { readonly kind: 'absent' };

/**
 * Several versions live only over one nonce, of which one can land for good; until then two may be seen in two forks. What is
 * final outweighs what is confirmed, and what succeeded what failed: of two blocks the one that is dropped is not known yet.
 */
export function readLanding(
  versions: readonly { readonly signature: string; readonly status: SignatureStatus | null }[],
): Sight {
  let sight: Sight = { kind: 'absent' };
  for (const { signature, status } of versions) {
    if (!status) continue;
    const { slot, commitment, failed } = status;
    const found: Sight =
      commitment === 'processed'
        ? { kind: 'seen' }
        : { kind: failed ? 'landed-refused' : 'landed', landing: { signature, slot, commitment } };
    if (weight(found) > weight(sight)) sight = found;
  }
  return sight;
}

function weight(sight: Sight): number {
  if (sight.kind === 'absent') return 0;
  if (sight.kind === 'seen') return 1;
  const finality = sight.landing.commitment === 'finalized' ? 4 : 2;
  return finality + (sight.kind === 'landed' ? 1 : 0);
}
