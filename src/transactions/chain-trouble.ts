import { RpcError } from '../chain/rpc-error.js';
import { MooringError } from '../lib/errors.js';

/**
 * Runs what asks the chain before anything was signed. An RPC error becomes an answer a client can act on:
 * `chain-unreachable` when asking again can help, `chain-error` when it cannot.
 */
export async function askingTheChain<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw error.retryable
      ? new MooringError('chain-unreachable', 'The chain cannot be asked right now. Nothing was sent; try again.', {
          cause: error,
        })
      : new MooringError('chain-error', 'The RPC endpoint refused a question. Nothing was sent.', { cause: error });
  }
}
