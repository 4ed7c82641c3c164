import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';

/** An endpoint that bytes are handed to. */
export type BroadcastTarget = Pick<ChainPort, 'sendTransaction'>;

/**
 * Hands the same bytes to every endpoint at once: whichever leader hears of them first. Null when one of them took them or
 * had them already; otherwise what they said, which proves nothing: the bytes may be on their way (TRAPS 20).
 */
export async function broadcast(targets: readonly BroadcastTarget[], wire: Uint8Array): Promise<string | null> {
  const answers = await Promise.all(
    targets.map(async (target) => {
      try {
        // It was simulated before it was signed; a preflight now could only refuse what another node has already taken.
        await target.sendTransaction(wire, { skipPreflight: true, preflightCommitment: 'confirmed', maxRetries: 0 });
        return null;
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        return error.reason === 'already-processed' ? null : `${error.reason}: ${error.message}`;
      }
    }),
  );
  return answers.includes(null) ? null : (answers[0] ?? 'no endpoint is well');
}
