import type { Idl } from '../decoding/types.js';
import { CommandRefused, type CommandContext } from './command.js';
import { createInstructionBuilder, type InstructionBuilder } from './command-instruction.js';

/** What the commands of a domain work with. `Accounts` are the account types generated from its IDL. */
export interface ProgramCommands<Accounts extends object> {
  readonly instruction: InstructionBuilder;
  /** The account, or `CommandRefused` naming the field that pointed to it. */
  readonly read: <N extends keyof Accounts & string>(type: N, address: string, field: string) => Promise<Accounts[N]>;
  readonly find: <N extends keyof Accounts & string>(type: N, address: string) => Promise<Accounts[N] | null>;
}

/** A program as a command's context sees it. */
export function programCommands<Accounts extends object>(idl: Idl, context: CommandContext): ProgramCommands<Accounts> {
  const find = async <N extends keyof Accounts & string>(type: N, address: string) =>
    (await context.account(type, address)) as Accounts[N] | null;
  return {
    instruction: createInstructionBuilder(idl, context.programId),
    read: async (type, address, field) => {
      const account = await find(type, address);
      if (account !== null) return account;
      throw new CommandRefused('account-not-found', `There is no ${type} at ${address} on chain.`, field);
    },
    find,
  };
}
