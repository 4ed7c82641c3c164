import idl from '../../../../idl/coupons.json' with { type: 'json' };
import type { CouponsAccounts } from '../../../../idl/coupons.js';
import { CommandRefused, type CommandContext } from '../../../domain-kit/command.js';
import { createInstructionBuilder, type InstructionBuilder } from '../../../domain-kit/command-instruction.js';
import { couponAddresses, type CouponAddresses } from '../addresses.js';

type AccountType = keyof CouponsAccounts;

/** What every command of this domain works with. */
export interface CouponsProgram {
  readonly at: CouponAddresses;
  readonly instruction: InstructionBuilder;
  /** The account, or `CommandRefused` naming the field that pointed to it. */
  readonly read: <N extends AccountType>(type: N, address: string, field: string) => Promise<CouponsAccounts[N]>;
  readonly exists: (type: AccountType, address: string) => Promise<boolean>;
}

/** The program as a command's context sees it. */
export function couponsProgram(context: CommandContext): CouponsProgram {
  return {
    at: couponAddresses(context.programId),
    instruction: createInstructionBuilder(idl, context.programId),
    read: async <N extends AccountType>(type: N, address: string, field: string) => {
      const account = await context.account(type, address);
      if (account !== null) return account as CouponsAccounts[N];
      throw new CommandRefused('account-not-found', `There is no ${type} at ${address} on chain.`, field);
    },
    exists: async (type, address) => (await context.account(type, address)) !== null,
  };
}
