import { z } from 'zod';
import { defineCommand, signerFor } from '../../../domain-kit/command.js';
import { addressField, integerField, signerField, u64Field } from '../../../domain-kit/command-fields.js';
import { Vault } from '../models.js';
import { stakeVaultProgram } from './stake-vault-program.js';

const MAX_COOLDOWN_SECONDS = 365 * 24 * 60 * 60;

const terms = {
  minimumStake: u64Field('The least that can be staked, in millionths of a token', 1n),
  cooldownSeconds: integerField('From asking a stake back to withdrawing it', 0, MAX_COOLDOWN_SECONDS),
};

/** Commands about vaults. */
export const VaultController = {
  create: defineCommand({
    name: 'VaultController.create',
    method: 'post',
    path: '/vaults',
    summary: 'Opens a vault for the tokens of a mint with 6 decimals',
    params: z.strictObject({}),
    body: z.strictObject({ authority: signerField('Who sets its terms'), mint: addressField('The mint'), ...terms }),
    build: ({ body }, context) => {
      const { at, instruction } = stakeVaultProgram(context);
      const authority = signerFor(context, 'authority', body.authority);
      const { mint, minimumStake, cooldownSeconds } = body;
      const vault = at.vault(authority, mint);
      const accounts = { vault, vault_token: at.vaultToken(vault), mint, authority };
      const args = { minimum_stake: minimumStake, cooldown_seconds: cooldownSeconds };
      return Promise.resolve({
        instructions: [instruction('initialize_vault', args, accounts)],
        signers: [authority],
        address: vault,
        addresses: { vault },
        documents: [{ model: Vault, key: vault }],
      });
    },
  }),

  update: defineCommand({
    name: 'VaultController.update',
    method: 'patch',
    path: '/vaults/:vault',
    summary: 'Changes the terms that are given and leaves the others; stakes that are there keep theirs',
    params: z.strictObject({ vault: addressField('The vault') }),
    body: z
      .strictObject({
        authority: signerField('Who sets its terms'),
        minimumStake: terms.minimumStake.optional(),
        cooldownSeconds: terms.cooldownSeconds.optional(),
      })
      .refine(({ minimumStake, cooldownSeconds }) => minimumStake !== undefined || cooldownSeconds !== undefined, {
        error: 'must have at least one of minimumStake, cooldownSeconds',
      }),
    build: ({ params: { vault }, body }, context) => {
      const { instruction } = stakeVaultProgram(context);
      const authority = signerFor(context, 'authority', body.authority);
      const args = { minimum_stake: body.minimumStake ?? null, cooldown_seconds: body.cooldownSeconds ?? null };
      return Promise.resolve({
        instructions: [instruction('update_vault', args, { vault, authority })],
        signers: [authority],
        address: vault,
        addresses: { vault },
        documents: [{ model: Vault, key: vault }],
      });
    },
  }),
};
