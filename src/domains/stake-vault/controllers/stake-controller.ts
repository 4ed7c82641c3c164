import { z } from 'zod';
import { CommandRefused, defineCommand, signerFor, type CommandPlan } from '../../../domain-kit/command.js';
import { addressField, signerField, u64Field } from '../../../domain-kit/command-fields.js';
import { associatedToken, openAssociatedToken } from '../../../domain-kit/token-account.js';
import { Stake, Vault } from '../models.js';
import { stakeVaultProgram, type StakeVaultProgram } from './stake-vault-program.js';

const vaultParams = z.strictObject({ vault: addressField('The vault') });
const owner = signerField('Whose stake it is');
const amount = u64Field('In millionths of a token', 1n);

/** Commands about stakes: each wallet has one in a vault. */
export const StakeController = {
  stake: defineCommand({
    name: 'StakeController.stake',
    method: 'post',
    path: '/vaults/:vault/stakes',
    summary: 'Stakes tokens, or more of them',
    params: vaultParams,
    body: z.strictObject({ owner, amount }),
    build: async ({ params: { vault }, body }, context) => {
      const program = stakeVaultProgram(context);
      const by = signerFor(context, 'owner', body.owner);
      const { mint } = await program.read('Vault', vault, 'vault');
      const accounts = movingAccounts(program, vault, by, mint);
      // The program would say that an account is not initialized, and not which one or what to do.
      if (!(await context.exists(associatedToken(mint, by)))) {
        throw new CommandRefused(
          'account-not-found',
          `The wallet ${by} has no token account of the mint ${mint}: it has to be sent tokens of that mint first.`,
          'owner',
        );
      }
      return planOf(program, vault, by, [program.instruction('stake', { amount: body.amount }, accounts)]);
    },
  }),

  requestUnstake: defineCommand({
    name: 'StakeController.requestUnstake',
    method: 'post',
    path: '/vaults/:vault/unstake-requests',
    summary: "Asks tokens back: they can be withdrawn after the vault's cooldown",
    params: vaultParams,
    body: z.strictObject({ owner, amount }),
    build: ({ params: { vault }, body }, context) => {
      const program = stakeVaultProgram(context);
      const by = signerFor(context, 'owner', body.owner);
      const accounts = { vault, stake: program.at.stake(vault, by), owner: by };
      return Promise.resolve(
        planOf(program, vault, by, [program.instruction('request_unstake', { amount: body.amount }, accounts)]),
      );
    },
  }),

  withdraw: defineCommand({
    name: 'StakeController.withdraw',
    method: 'post',
    path: '/vaults/:vault/withdrawals',
    summary: 'Takes out all that was asked back, once the cooldown is over',
    params: vaultParams,
    body: z.strictObject({ owner }),
    build: async ({ params: { vault }, body }, context) => {
      const program = stakeVaultProgram(context);
      const by = signerFor(context, 'owner', body.owner);
      const { mint } = await program.read('Vault', vault, 'vault');
      const accounts = movingAccounts(program, vault, by, mint);
      return planOf(program, vault, by, [
        openAssociatedToken(by, mint, by),
        program.instruction('withdraw', {}, accounts),
      ]);
    },
  }),
};

/** What an instruction takes that moves tokens between a wallet and the vault. */
function movingAccounts({ at }: StakeVaultProgram, vault: string, by: string, mint: string): Record<string, string> {
  return {
    ...{ vault, stake: at.stake(vault, by), owner: by },
    ...{ vault_token: at.vaultToken(vault), owner_token: associatedToken(mint, by) },
  };
}

function planOf(
  { at }: StakeVaultProgram,
  vault: string,
  by: string,
  instructions: CommandPlan['instructions'],
): CommandPlan {
  const stake = at.stake(vault, by);
  return {
    instructions,
    signers: [by],
    address: stake,
    addresses: { stake, vault },
    documents: [
      { model: Stake, key: stake },
      { model: Vault, key: vault },
    ],
  };
}
