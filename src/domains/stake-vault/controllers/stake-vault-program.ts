import idl from '../../../../idl/stake-vault.json' with { type: 'json' };
import type { StakeVaultAccounts } from '../../../../idl/stake-vault.js';
import type { CommandContext } from '../../../domain-kit/command.js';
import { programCommands, type ProgramCommands } from '../../../domain-kit/program-commands.js';
import { stakeVaultAddresses, type StakeVaultAddresses } from '../addresses.js';

/** What every command of this domain works with. */
export interface StakeVaultProgram extends ProgramCommands<StakeVaultAccounts> {
  readonly at: StakeVaultAddresses;
}

/** The program as a command's context sees it. */
export function stakeVaultProgram(context: CommandContext): StakeVaultProgram {
  return { at: stakeVaultAddresses(context.programId), ...programCommands<StakeVaultAccounts>(idl, context) };
}
