import type { ChainPort } from '../chain/chain-port.js';
import type { ProgramCodec } from '../decoding/types.js';
import { MooringError } from '../lib/errors.js';
import type { CommandContext } from './command.js';

/** The context of a module's commands: accounts from the chain, decoded by the module's IDL. */
export function createCommandContext(deps: {
  readonly chain: Pick<ChainPort, 'accounts'>;
  readonly codec: Pick<ProgramCodec, 'programId' | 'decodeAccount'>;
  readonly heldSigners: readonly string[];
}): CommandContext {
  const { chain, codec, heldSigners } = deps;
  return {
    programId: codec.programId,
    heldSigners,
    exists: async (address) => (await chain.accounts([address], 'confirmed')).accounts[0] != null,
    account: async (type, address) => {
      const { accounts } = await chain.accounts([address], 'confirmed');
      const account = accounts[0];
      if (!account || account.owner !== codec.programId) return null;
      const decoded = codec.decodeAccount(account.data);
      if (!decoded.ok) {
        throw new MooringError(
          'account-undecodable',
          `The account ${address} does not decode by the IDL: ${decoded.detail}.`,
        );
      }
      return decoded.name === type ? decoded.data : null;
    },
  };
}
