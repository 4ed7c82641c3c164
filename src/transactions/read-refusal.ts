import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import { describeRefusal, type ErrorCatalog, type ProgramRefusal } from './program-refusal.js';

/** Why a transaction failed where it landed. That it failed is known already; only its words may be missing. */
export async function readRefusal(
  chain: Pick<ChainPort, 'transaction'>,
  signature: string,
  catalogs: readonly ErrorCatalog[],
): Promise<ProgramRefusal> {
  let raw: unknown = null;
  try {
    raw = await chain.transaction(signature, 'confirmed');
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
  const meta = (raw as { meta?: { err?: unknown; logMessages?: unknown } | null } | null)?.meta;
  const logs = Array.isArray(meta?.logMessages) ? meta.logMessages.map(String) : [];
  return describeRefusal('landed', meta?.err ?? 'TransactionError', logs, catalogs);
}
