import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Log } from '../lib/log.js';

/**
 * Says which programs are not on the chain: nothing would ever be heard of them, and nothing would look wrong. Not an
 * error, for one may be deployed later. What cannot be asked just now is not said.
 */
export async function warnOfAbsentPrograms(
  chain: Pick<ChainPort, 'accounts'>,
  modules: readonly { readonly module: DomainModule; readonly codec: ProgramCodec }[],
  log: Log,
): Promise<void> {
  const addresses = modules.map(({ codec }) => codec.programId);
  try {
    const { accounts } = await chain.accounts(addresses, 'confirmed');
    for (const [position, { module, codec }] of modules.entries()) {
      if (accounts[position] !== null) continue;
      log.warn(
        { program: module.name, address: codec.programId },
        'there is no program at this address on this chain: check the address in its IDL or module, and SOLANA_RPC_URL',
      );
    }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
}
