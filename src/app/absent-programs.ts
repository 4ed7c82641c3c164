import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { MooringError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';

type AskedChain = Pick<ChainPort, 'accounts'>;
type Installed = { readonly module: DomainModule; readonly codec: ProgramCodec };

const CHECK = 'on this chain: check the address in its IDL or module, and SOLANA_RPC_URL';

/**
 * Says which programs are not on the chain: nothing would ever be heard of them, and nothing would look wrong. Not an
 * error, for one may be deployed later. What cannot be asked just now is not said.
 */
export async function warnOfAbsentPrograms(chain: AskedChain, modules: readonly Installed[], log: Log): Promise<void> {
  try {
    for (const { module, codec } of await absentPrograms(chain, modules)) {
      log.warn({ program: module.name, address: codec.programId }, `there is no program at this address ${CHECK}`);
    }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
}

/**
 * Refuses to compare anything with a chain that has not these programs: an empty database would be called equal to it.
 * @throws MooringError `program-absent`; RpcError
 */
export async function assertProgramsPresent(chain: AskedChain, modules: readonly Installed[]): Promise<void> {
  const [absent] = await absentPrograms(chain, modules);
  if (!absent) return;
  const { module, codec } = absent;
  throw new MooringError('program-absent', `there is no program ${module.name} at ${codec.programId} ${CHECK}`);
}

async function absentPrograms(chain: AskedChain, modules: readonly Installed[]): Promise<Installed[]> {
  const addresses = modules.map(({ codec }) => codec.programId);
  const { accounts } = await chain.accounts(addresses, 'confirmed');
  return modules.filter((_, position) => accounts[position] === null);
}
