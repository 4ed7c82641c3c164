import idl from '../../../../idl/coupons.json' with { type: 'json' };
import type { CouponsAccounts } from '../../../../idl/coupons.js';
import type { CommandContext } from '../../../domain-kit/command.js';
import { programCommands, type ProgramCommands } from '../../../domain-kit/program-commands.js';
import { couponAddresses, type CouponAddresses } from '../addresses.js';

/** What every command of this domain works with. */
export interface CouponsProgram extends ProgramCommands<CouponsAccounts> {
  readonly at: CouponAddresses;
}

/** The program as a command's context sees it. */
export function couponsProgram(context: CommandContext): CouponsProgram {
  return { at: couponAddresses(context.programId), ...programCommands<CouponsAccounts>(idl, context) };
}
