import { Keypair, PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import redPacketsIdl from '../../../idl/red-packets.json' with { type: 'json' };
import stakeVaultIdl from '../../../idl/stake-vault.json' with { type: 'json' };
import type { Command, CommandContext } from '../../../src/domain-kit/command.js';
import { associatedToken } from '../../../src/domain-kit/token-account.js';
import { redPacketAddresses } from '../../../src/domains/red-packets/addresses.js';
import { PacketController } from '../../../src/domains/red-packets/controllers/packet-controller.js';
import { stakeVaultAddresses } from '../../../src/domains/stake-vault/addresses.js';
import { StakeController } from '../../../src/domains/stake-vault/controllers/stake-controller.js';
import { VaultController } from '../../../src/domains/stake-vault/controllers/vault-controller.js';

const held = Keypair.generate().publicKey.toBase58();
const other = Keypair.generate().publicKey.toBase58();
const mint = Keypair.generate().publicKey.toBase58();

function contextOf(programId: string, accounts: Readonly<Record<string, unknown>> = {}): CommandContext {
  return {
    ...{ programId, heldSigners: [held] },
    account: (_, address) => Promise.resolve(accounts[address] ?? null),
    exists: (address) => Promise.resolve(address in accounts),
  };
}

async function plan(command: Command, params: object, body: object, context: CommandContext) {
  const parsed = { params: command.params.parse(params) as never, body: command.body.parse(body) as never };
  const index = (await command.numbers?.read(parsed, context))?.next ?? null;
  const built = await command.build({ ...parsed, index }, context);
  const keys = built.instructions.map(({ keys: of }) => of.map(({ pubkey }) => pubkey.toBase58()));
  return { ...built, keys };
}

function mistakes(schema: z.ZodType, value: unknown): string[] {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'));
}

describe('commands about packets (003-12)', () => {
  const program = redPacketsIdl.address;
  const at = redPacketAddresses(program);
  const terms = { kind: 'equal', totalAmount: '900', count: 3, expiresAt: '2030-01-31T12:00:00Z' };

  it('make one of lamports without token accounts, and one of tokens with them', async () => {
    const lamports = await plan(PacketController.create, {}, { ...terms, packetId: '7' }, contextOf(program));
    const packet = at.packet(held, 7n);
    expect(lamports).toMatchObject({ address: packet, signers: [held] });
    expect(lamports.keys[0]?.slice(4)).toEqual([program, program, program, program]);
    const tokens = await plan(PacketController.create, {}, { ...terms, packetId: '7', mint }, contextOf(program));
    expect(tokens.keys[0]?.slice(4, 7)).toEqual([mint, at.vault(packet), associatedToken(mint, held)]);
  });

  it('claim into a token account that is made where it is missing', async () => {
    const packet = at.packet(other, 1n);
    const context = contextOf(program, { [packet]: { mint } });
    const claim = await plan(PacketController.claim, { packet }, {}, context);
    expect(claim).toMatchObject({ address: at.claim(packet, held), instructions: { length: 2 } });
    expect(claim.keys[0]).toContain(associatedToken(mint, held));
    const ofLamports = contextOf(program, { [packet]: { mint: null } });
    expect(await plan(PacketController.claim, { packet }, {}, ofLamports)).toMatchObject({
      instructions: { length: 1 },
    });
    await expect(plan(PacketController.claim, { packet }, {}, contextOf(program))).rejects.toMatchObject({
      ...{ code: 'account-not-found', field: 'packet' },
    });
    await expect(plan(PacketController.claim, { packet }, { claimer: other }, context)).rejects.toMatchObject({
      ...{ code: 'signer-not-held', field: 'claimer' },
    });
  });

  it.each([
    [{ ...terms, kind: 'random' }, ['oracle']],
    [{ ...terms, oracle: other }, ['oracle']],
    [{ ...terms, totalAmount: '2' }, ['totalAmount']],
    [{ ...terms, message: '福'.repeat(34) }, ['message']],
    [{ ...terms, message: 'half a pair: \ud83c' }, ['message']],
    [{ ...terms, count: 0 }, ['count']],
    [{ ...terms, surprise: 1 }, ['']],
  ])('refuse %j, naming the field', (body, fields) => {
    expect(mistakes(PacketController.create.body, body)).toEqual(fields);
  });
});

describe('commands about vaults and stakes (003-12)', () => {
  const program = stakeVaultIdl.address;
  const at = stakeVaultAddresses(program);
  const vault = at.vault(other, mint);

  it('open a vault, and change only what is given', async () => {
    const opened = await plan(
      VaultController.create,
      {},
      { mint, minimumStake: '10', cooldownSeconds: 60 },
      contextOf(program),
    );
    expect(opened.address).toBe(at.vault(held, mint));
    expect(mistakes(VaultController.update.body, {})).toEqual(['']);
    expect(mistakes(VaultController.create.body, { mint, minimumStake: '0', cooldownSeconds: 60 })).toEqual([
      'minimumStake',
    ]);
  });

  it("move tokens between a wallet and the vault, at the wallet's own stake", async () => {
    const context = contextOf(program, { [vault]: { mint }, [associatedToken(mint, held)]: {} });
    const staked = await plan(StakeController.stake, { vault }, { amount: '5' }, context);
    expect(staked.address).toBe(at.stake(vault, held));
    expect(staked.keys[0]).toEqual(
      expect.arrayContaining([at.vaultToken(vault), associatedToken(mint, held), at.stake(vault, held)]),
    );
    const asked = await plan(StakeController.requestUnstake, { vault }, { amount: '5' }, context);
    expect(asked.keys[0]).not.toContain(at.vaultToken(vault));
    const out = await plan(StakeController.withdraw, { vault }, {}, context);
    expect(out.instructions).toHaveLength(2);
    expect(out.instructions.every(({ programId }) => programId instanceof PublicKey)).toBe(true);
  });

  it('say that a wallet without a token account cannot stake, and of which mint', async () => {
    const context = contextOf(program, { [vault]: { mint } });
    await expect(plan(StakeController.stake, { vault }, { amount: '5' }, context)).rejects.toMatchObject({
      ...{ code: 'account-not-found', field: 'owner' },
      message: expect.stringContaining(`has no token account of the mint ${mint}`) as string,
    });
  });
});
