import { createTransferInstruction, TOKEN_2022_PROGRAM_ID } from '@solana/spl-token';
import { SystemProgram, TransactionInstruction, type Keypair, type PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { refusal } from './program-client.js';
import { eventOf, pda, STAKE_VAULT, startStakeVaultChain, TOKEN, tokenOf, VaultClient } from './stake-vault-chain.js';

/** Nobody can move a validator's clock: cooldowns that end within a test are this short. */
const SHORT_COOLDOWN_SECONDS = 2;
const HOUR = 3_600;

let chain: Awaited<ReturnType<typeof startStakeVaultChain>>;
let mint: PublicKey;

beforeAll(async () => {
  chain = await startStakeVaultChain();
  mint = await chain.createMint();
});

afterAll(() => chain.stop());

async function openVault(terms: { minimumStake?: bigint; cooldownSeconds?: number } = {}): Promise<VaultClient> {
  const vault = await newVault();
  await vault.open(terms);
  return vault;
}

/** Not open yet. */
async function newVault(of = mint): Promise<VaultClient> {
  const [authority] = (await chain.fundedKeypairs(1)) as [Keypair];
  return new VaultClient(chain, authority, of);
}

function clockReaches(time: bigint): Promise<boolean> {
  return eventually(async () => (await chain.now()) >= time);
}

/** The vault's account, after checking it against its stakes and its tokens. */
async function balancedVault(vault: VaultClient, owners: readonly Keypair[]) {
  const [account, held, ...stakes] = await Promise.all([
    chain.vault(vault.address),
    chain.balance(vault.token),
    ...owners.map((owner) => chain.stake(vault.stakeOf(owner))),
  ]);
  const sum = (of: (stake: (typeof stakes)[number]) => bigint) => stakes.reduce((total, stake) => total + of(stake), 0n);
  expect(account.totalStaked).toBe(sum(({ staked }) => staked));
  expect(account.totalUnstaking).toBe(sum(({ unstaking }) => unstaking));
  expect(account.activeStakes).toBe(BigInt(stakes.filter(({ staked }) => staked > 0n).length));
  expect(held).toBe(account.totalStaked + account.totalUnstaking);
  return account;
}

describe('a stake', () => {
  it('lives: staked twice, asked back in part, withdrawn after the cooldown, left in the end', async () => {
    const vault = await newVault();
    const [owner] = (await chain.wallets(1, mint, 100n * TOKEN)) as [Keypair];
    const terms = { minimumStake: 10n * TOKEN, cooldownSeconds: SHORT_COOLDOWN_SECONDS };
    const landed = await vault.open(terms);
    const [stake, ownerToken] = [vault.stakeOf(owner).toBase58(), tokenOf(mint, owner.publicKey)];

    const initialized = eventOf(landed, 'VaultInitialized');
    expect(initialized).toEqual({
      vault: vault.address.toBase58(),
      authority: vault.authority.publicKey.toBase58(),
      mint: mint.toBase58(),
      vaultToken: vault.token.toBase58(),
      revision: 1n,
      ...terms,
      initializedAt: expect.any(BigInt) as bigint,
    });
    const { vault: address, ...asStored } = initialized;
    expect(await chain.vault(vault.address)).toMatchObject({ ...asStored, totalStaked: 0n, activeStakes: 0n });

    const first = eventOf(await vault.stake(owner, 40n * TOKEN), 'Staked');
    expect(first).toEqual({
      stake,
      vault: address,
      owner: owner.publicKey.toBase58(),
      amount: 40n * TOKEN,
      revision: 1n,
      staked: 40n * TOKEN,
      unstaking: 0n,
      withdrawableAt: 0n,
      totalDeposited: 40n * TOKEN,
      firstStakedAt: first.stakedAt,
      vaultRevision: 2n,
      vaultTotalStaked: 40n * TOKEN,
      vaultTotalUnstaking: 0n,
      vaultActiveStakes: 1n,
      stakedAt: expect.any(BigInt) as bigint,
    });
    const second = eventOf(await vault.stake(owner, 20n * TOKEN), 'Staked');
    expect(second).toMatchObject({ revision: 2n, staked: 60n * TOKEN, firstStakedAt: first.stakedAt, vaultRevision: 3n });
    expect(await chain.balance(ownerToken)).toBe(40n * TOKEN);

    const requested = eventOf(await vault.requestUnstake(owner, 25n * TOKEN), 'UnstakeRequested');
    expect(requested).toMatchObject({
      amount: 25n * TOKEN,
      revision: 3n,
      staked: 35n * TOKEN,
      unstaking: 25n * TOKEN,
      withdrawableAt: requested.requestedAt + BigInt(SHORT_COOLDOWN_SECONDS),
      vaultRevision: 4n,
      vaultTotalStaked: 35n * TOKEN,
      vaultTotalUnstaking: 25n * TOKEN,
      vaultActiveStakes: 1n,
    });
    await balancedVault(vault, [owner]);

    await clockReaches(requested.withdrawableAt);
    // What is ready is not made to wait again.
    expect(await refusal(vault.requestUnstake(owner, TOKEN))).toBe('WithdrawalReady');
    const withdrawal = await vault.withdraw(owner);
    expect(withdrawal.events).toMatchObject([{ name: 'withdrawn', by: 'self-cpi' }]);
    const withdrawn = eventOf(withdrawal, 'Withdrawn');
    expect(withdrawn).toMatchObject({
      stake,
      ownerToken: ownerToken.toBase58(),
      amount: 25n * TOKEN,
      revision: 4n,
      staked: 35n * TOKEN,
      unstaking: 0n,
      withdrawableAt: 0n,
      totalWithdrawn: 25n * TOKEN,
      vaultRevision: 5n,
      vaultTotalStaked: 35n * TOKEN,
      vaultTotalUnstaking: 0n,
    });
    expect(await chain.balance(ownerToken)).toBe(65n * TOKEN);
    expect(await chain.stake(vault.stakeOf(owner))).toEqual({
      revision: 4n,
      vault: address,
      owner: owner.publicKey.toBase58(),
      staked: 35n * TOKEN,
      unstaking: 0n,
      withdrawableAt: 0n,
      totalDeposited: 60n * TOKEN,
      totalWithdrawn: 25n * TOKEN,
      firstStakedAt: first.stakedAt,
      stakedAt: second.stakedAt,
      bump: expect.any(Number) as number,
    });
    expect(await balancedVault(vault, [owner])).toMatchObject({ revision: 5n });
    expect(await refusal(vault.withdraw(owner))).toBe('NothingToWithdraw');

    const last = eventOf(await vault.requestUnstake(owner, 35n * TOKEN), 'UnstakeRequested');
    expect(last).toMatchObject({ staked: 0n, vaultActiveStakes: 0n });
    await clockReaches(last.withdrawableAt);
    await vault.withdraw(owner);
    expect(await chain.balance(ownerToken)).toBe(100n * TOKEN);
    expect(await balancedVault(vault, [owner])).toMatchObject({ totalStaked: 0n, totalUnstaking: 0n });
  });

  it('takes two wallets at once, and counts each', async () => {
    const vault = await openVault();
    const owners = await chain.wallets(2, mint);
    const [alice, bob] = owners as [Keypair, Keypair];
    const landed = await Promise.all([
      vault.stake(alice, 10n * TOKEN),
      vault.stake(bob, 20n * TOKEN),
      vault.stake(alice, 30n * TOKEN),
      vault.stake(bob, 40n * TOKEN),
    ]);
    const events = landed.map((of) => eventOf(of, 'Staked')).sort((a, b) => Number(a.vaultRevision - b.vaultRevision));
    expect(events.map(({ vaultRevision }) => vaultRevision)).toEqual([2n, 3n, 4n, 5n]);
    let total = 0n;
    for (const { amount, vaultTotalStaked } of events) expect(vaultTotalStaked).toBe((total += amount));

    await Promise.all([vault.requestUnstake(alice, 40n * TOKEN), vault.requestUnstake(bob, 15n * TOKEN)]);
    expect(await balancedVault(vault, owners)).toMatchObject({
      revision: 7n,
      totalStaked: 45n * TOKEN,
      totalUnstaking: 55n * TOKEN,
      activeStakes: 1n,
    });
  });

  it('is withdrawn and asked back further in one transaction', async () => {
    const vault = await openVault({ cooldownSeconds: 0 });
    const [owner] = (await chain.wallets(1, mint)) as [Keypair];
    await vault.stake(owner, 30n * TOKEN);
    await vault.requestUnstake(owner, 10n * TOKEN);
    const both = [
      await chain.instruction('withdraw', vault.moving(owner)),
      await chain.instruction('requestUnstake', vault.unstaking(owner, 5n * TOKEN)),
    ];
    const landed = await chain.sendRaw(both, [owner]);
    expect(eventOf(landed, 'Withdrawn')).toMatchObject({ amount: 10n * TOKEN, revision: 3n, vaultRevision: 4n });
    expect(eventOf(landed, 'UnstakeRequested')).toMatchObject({ unstaking: 5n * TOKEN, revision: 4n, vaultRevision: 5n });
    await balancedVault(vault, [owner]);
  });

  it('is created where somebody has sent lamports before', async () => {
    const vault = await openVault();
    const [owner, stranger] = (await chain.wallets(2, mint)) as [Keypair, Keypair];
    const gift = SystemProgram.transfer({
      fromPubkey: stranger.publicKey,
      toPubkey: vault.stakeOf(owner),
      lamports: 1_000_000,
    });
    await chain.sendRaw([gift], [stranger]);
    await vault.stake(owner, 10n * TOKEN);
    expect(await chain.stake(vault.stakeOf(owner))).toMatchObject({ revision: 1n, staked: 10n * TOKEN });
  });

  it('counts no tokens that were sent past the program', async () => {
    const vault = await openVault();
    const [owner] = (await chain.wallets(1, mint)) as [Keypair];
    await vault.stake(owner, 10n * TOKEN);
    const past = createTransferInstruction(tokenOf(mint, owner.publicKey), vault.token, owner.publicKey, TOKEN);
    await chain.sendRaw([past], [owner]);
    expect(await chain.vault(vault.address)).toMatchObject({ revision: 2n, totalStaked: 10n * TOKEN });
    expect(await chain.balance(vault.token)).toBe(11n * TOKEN);
  });
});

describe('new terms', () => {
  it('hold for what comes after them', async () => {
    const vault = await openVault({ cooldownSeconds: HOUR });
    const [owner] = (await chain.wallets(1, mint)) as [Keypair];
    await vault.stake(owner, 30n * TOKEN);
    const before = eventOf(await vault.requestUnstake(owner, 5n * TOKEN), 'UnstakeRequested');

    const updated = eventOf(await vault.update(20n * TOKEN, 0), 'VaultUpdated');
    expect(updated).toEqual({
      vault: vault.address.toBase58(),
      authority: vault.authority.publicKey.toBase58(),
      revision: 4n,
      minimumStake: 20n * TOKEN,
      cooldownSeconds: 0,
      updatedAt: expect.any(BigInt) as bigint,
    });
    expect(eventOf(await vault.update(null, null), 'VaultUpdated')).toMatchObject({
      revision: 5n,
      minimumStake: 20n * TOKEN,
      cooldownSeconds: 0,
    });

    // Another request joins the one that waits, and makes nothing come earlier.
    expect(await refusal(vault.requestUnstake(owner, 6n * TOKEN))).toBe('BelowMinimumStake');
    const joined = eventOf(await vault.requestUnstake(owner, 5n * TOKEN), 'UnstakeRequested');
    expect(joined).toMatchObject({ unstaking: 10n * TOKEN, withdrawableAt: before.withdrawableAt });
    expect(await refusal(vault.withdraw(owner))).toBe('CooldownNotOver');
  });

  it('come from the authority alone, within bounds', async () => {
    const vault = await openVault();
    const [stranger] = (await chain.fundedKeypairs(1)) as [Keypair];
    const asStranger = { signers: [stranger] as [Keypair] };
    expect(await refusal(vault.update(1n, 0, asStranger))).toBe('WrongAuthority');
    expect(await refusal(vault.update(0n, null))).toBe('InvalidMinimumStake');
    expect(await refusal(vault.update(null, 365 * 24 * HOUR + 1))).toBe('InvalidCooldown');
    expect(await chain.vault(vault.address)).toMatchObject({ revision: 1n });
  });
});

describe('refuses', () => {
  let vault: VaultClient;
  let owner: Keypair;
  let stranger: Keypair;
  let otherMint: PublicKey;

  beforeAll(async () => {
    [vault, [owner, stranger], otherMint] = await Promise.all([
      openVault(),
      chain.wallets(2, mint, 100n * TOKEN) as Promise<[Keypair, Keypair]>,
      chain.createMint(),
    ]);
    await vault.stake(owner, 50n * TOKEN);
    await vault.stake(stranger, 50n * TOKEN);
    await vault.requestUnstake(owner, 10n * TOKEN);
  });

  it('to open a vault twice, or on terms out of bounds', async () => {
    expect(await refusal(vault.open())).toBe('VaultAlreadyExists');
    const another = await newVault();
    expect(await refusal(another.open({ minimumStake: 0n }))).toBe('InvalidMinimumStake');
    expect(await refusal(another.open({ cooldownSeconds: 365 * 24 * HOUR + 1 }))).toBe('InvalidCooldown');
  });

  it('a mint of other decimals, and what is no mint', async () => {
    const opening = async (of: PublicKey) => refusal((await newVault(of)).open());
    expect(await opening(await chain.createMint(9))).toBe('WrongDecimals');
    expect(await opening(tokenOf(mint, owner.publicKey))).toBe('InvalidMint');
    expect(await opening(owner.publicKey)).toBe('InvalidMint');
    const accounts = { tokenProgram: TOKEN_2022_PROGRAM_ID };
    expect(await refusal((await newVault()).open({}, { accounts }))).toBe('InvalidProgramId');
  });

  it('a vault or its token account at another address', async () => {
    const another = await newVault();
    for (const accounts of [{ vault: vault.address }, { vaultToken: vault.token }]) {
      expect(await refusal(another.open({}, { accounts }))).toBe('ConstraintSeeds');
    }
    const accounts = { vaultToken: tokenOf(mint, stranger.publicKey) };
    expect(await refusal(vault.stake(owner, TOKEN, { accounts }))).toBe('ConstraintAddress');
    expect(await refusal(vault.withdraw(owner, { accounts }))).toBe('ConstraintAddress');
  });

  it('amounts of nothing, below the minimum, and beyond what there is', async () => {
    const [newcomer] = (await chain.wallets(1, mint, 100n * TOKEN)) as [Keypair];
    expect(await refusal(vault.stake(owner, 0n))).toBe('InvalidAmount');
    expect(await refusal(vault.stake(newcomer, 10n * TOKEN - 1n))).toBe('BelowMinimumStake');
    expect(await refusal(vault.stake(owner, 51n * TOKEN))).toBe('InsufficientTokens');
    expect(await refusal(vault.requestUnstake(owner, 0n))).toBe('InvalidAmount');
    expect(await refusal(vault.requestUnstake(owner, 31n * TOKEN))).toBe('BelowMinimumStake');
    expect(await refusal(vault.requestUnstake(owner, 41n * TOKEN))).toBe('InsufficientStake');
    expect(await refusal(vault.requestUnstake(newcomer, TOKEN))).toBe('AccountNotInitialized');
  });

  it('a withdrawal before the cooldown is over, and of nothing', async () => {
    expect(await refusal(vault.withdraw(owner))).toBe('CooldownNotOver');
    expect(await refusal(vault.withdraw(stranger))).toBe('NothingToWithdraw');
  });

  it('token accounts of another mint, of another wallet, and what is none', async () => {
    const [rich] = (await chain.wallets(1, otherMint)) as [Keypair];
    const from = (ownerToken: PublicKey) => ({ accounts: { ownerToken } });
    const ofOtherMint = from(tokenOf(otherMint, rich.publicKey));
    expect(await refusal(vault.stake(rich, 10n * TOKEN, ofOtherMint))).toBe('WrongMint');
    const ofOwner = from(tokenOf(mint, owner.publicKey));
    expect(await refusal(vault.stake(stranger, TOKEN, ofOwner))).toBe('WrongTokenOwner');
    expect(await refusal(vault.stake(owner, TOKEN, from(vault.token)))).toBe('WrongTokenOwner');
    expect(await refusal(vault.stake(owner, TOKEN, from(mint)))).toBe('InvalidTokenAccount');
    expect(await refusal(vault.stake(owner, TOKEN, from(owner.publicKey)))).toBe('InvalidTokenAccount');
  });

  it('another wallet’s stake, and a stake of another vault', async () => {
    const stake = vault.stakeOf(owner);
    expect(await refusal(vault.stake(stranger, TOKEN, { accounts: { stake } }))).toBe('ConstraintSeeds');
    expect(await refusal(vault.requestUnstake(stranger, TOKEN, { accounts: { stake } }))).toBe('NotStakeOwner');
    expect(await refusal(vault.withdraw(stranger, { accounts: { stake } }))).toBe('NotStakeOwner');
    const other = await openVault();
    expect(await refusal(other.requestUnstake(owner, TOKEN, { accounts: { stake } }))).toBe('WrongVault');
    expect(await refusal(other.withdraw(owner, { accounts: { stake } }))).toBe('WrongVault');
  });

  it('accounts of another kind or program in the place of its own', async () => {
    const stake = vault.stakeOf(owner);
    expect(await refusal(vault.update(1n, 0, { accounts: { vault: stake } }))).toBe('AccountDiscriminatorMismatch');
    expect(await refusal(vault.requestUnstake(owner, TOKEN, { accounts: { stake: vault.address } }))).toBe(
      'AccountDiscriminatorMismatch',
    );
    expect(await refusal(vault.update(1n, 0, { accounts: { vault: mint } }))).toBe('AccountOwnedByWrongProgram');
  });

  it('what is not signed or not writable', async () => {
    const without = async (account: PublicKey, flag: 'isSigner' | 'isWritable', payer = owner) => {
      const instruction = await chain.instruction('requestUnstake', vault.unstaking(owner, TOKEN));
      for (const key of instruction.keys.filter(({ pubkey }) => pubkey.equals(account))) key[flag] = false;
      return refusal(chain.sendRaw([instruction], [payer]));
    };
    expect(await without(owner.publicKey, 'isSigner', stranger)).toContain('Error Code: AccountNotSigner');
    expect(await without(vault.address, 'isWritable')).toContain('Error Code: ConstraintMut');
    expect(await without(vault.stakeOf(owner), 'isWritable')).toContain('Error Code: ConstraintMut');
  });

  it('events from outside, and instructions it does not have', async () => {
    const send = (data: string) => {
      const keys = [{ pubkey: pda.eventAuthority(), isSigner: false, isWritable: false }];
      const instruction = new TransactionInstruction({ programId: STAKE_VAULT, keys, data: Buffer.from(data, 'hex') });
      return refusal(chain.sendRaw([instruction], [stranger]));
    };
    expect(await send('e445a52e51cb9a1d0102030405060708')).toContain('Error Code: ConstraintSigner');
    expect(await send('0102030405060708')).toContain('Error Code: InstructionFallbackNotFound');
    expect(await send('01')).toContain('Error Code: InstructionMissing');
  });

  it('all that without a trace', async () => {
    expect(await balancedVault(vault, [owner, stranger])).toMatchObject({ revision: 4n });
  });
});
