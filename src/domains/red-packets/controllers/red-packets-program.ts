import idl from '../../../../idl/red-packets.json' with { type: 'json' };
import type { RedPacketsAccounts } from '../../../../idl/red-packets.js';
import type { CommandContext } from '../../../domain-kit/command.js';
import { programCommands, type ProgramCommands } from '../../../domain-kit/program-commands.js';
import { associatedToken } from '../../../domain-kit/token-account.js';
import { redPacketAddresses, type RedPacketAddresses } from '../addresses.js';

/** What every command of this domain works with. */
export interface RedPacketsProgram extends ProgramCommands<RedPacketsAccounts> {
  readonly at: RedPacketAddresses;
}

/** The program as a command's context sees it. */
export function redPacketsProgram(context: CommandContext): RedPacketsProgram {
  return { at: redPacketAddresses(context.programId), ...programCommands<RedPacketsAccounts>(idl, context) };
}

/**
 * The optional accounts of an instruction that moves a packet's money to or from the tokens of a wallet, `name` being what
 * the instruction calls those. For lamports it takes none of them.
 */
export function moneyAccounts(
  { at }: RedPacketsProgram,
  name: 'creator_token' | 'claimer_token',
  packet: string,
  wallet: string,
  mint: string | null,
): Record<string, string | null> {
  if (mint === null) return { vault: null, [name]: null, token_program: null };
  // The token program's address is in the IDL.
  return { vault: at.vault(packet), [name]: associatedToken(mint, wallet) };
}
