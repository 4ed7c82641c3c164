import {
  createAssociatedTokenAccountInstruction,
  createInitializeMint2Instruction,
  createMintToInstruction,
  getAccount,
  getAssociatedTokenAddressSync,
  MINT_SIZE,
  TOKEN_PROGRAM_ID,
} from '@solana/spl-token';
import { Keypair, PublicKey, SystemProgram } from '@solana/web3.js';
import type { Stake, StakeVaultEvents, Vault } from '../../../idl/stake-vault.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { deriver, programClient, readIdl, u64, type Call, type Landed } from './program-client.js';

const idl = readIdl('stake-vault');
export const STAKE_VAULT = new PublicKey(idl.address);
/** Millionths in a token. */
export const TOKEN = 1_000_000n;
const DECIMALS = 6;

const derive = deriver(STAKE_VAULT);

export const pda = {
  vault: (authority: PublicKey, mint: PublicKey) => derive('vault', authority, mint),
  vaultToken: (vault: PublicKey) => derive('vault_token', vault),
  stake: (vault: PublicKey, owner: PublicKey) => derive('stake', vault, owner),
  eventAuthority: () => derive('__event_authority'),
};

export function tokenOf(mint: PublicKey, owner: PublicKey): PublicKey {
  return getAssociatedTokenAddressSync(mint, owner);
}

/** The one event of that name in a transaction. */
export function eventOf<Name extends keyof StakeVaultEvents>(landed: Landed, name: Name): StakeVaultEvents[Name] {
  const [event, ...others] = landed.events.filter((of) => of.name.toLowerCase() === name.toLowerCase());
  if (event === undefined || others.length > 0) throw new Error(`${landed.signature} has not just one ${name}`);
  return event.data as unknown as StakeVaultEvents[Name];
}

export type StakeVaultChain = Awaited<ReturnType<typeof stakeVaultClient>>;

/** The chain of a test file with the stake vault on it. */
export async function startStakeVaultChain() {
  const chain = await createTestChain({ programs: ['stake-vault'] });
  return { ...(await stakeVaultClient(chain)), stop: () => chain.stop() };
}

/** The program spoken to through Anchor's own client. */
export async function stakeVaultClient(chain: TestChain) {
  const { connection } = chain;
  const { fetch, ...client } = programClient<{ vault: Vault; stake: Stake }>(connection, idl);
  /** Pays for mints, and is their authority. */
  const [issuer] = (await chain.fundedKeypairs(1)) as [Keypair];

  async function fetched<Name extends 'vault' | 'stake'>(name: Name, address: PublicKey) {
    const account = await fetch(name, address);
    if (account === null) throw new Error(`no ${name} at ${address.toBase58()}`);
    return account;
  }

  async function createMint(decimals = DECIMALS, mint = Keypair.generate()): Promise<PublicKey> {
    const account = SystemProgram.createAccount({
      fromPubkey: issuer.publicKey,
      newAccountPubkey: mint.publicKey,
      lamports: await connection.getMinimumBalanceForRentExemption(MINT_SIZE),
      space: MINT_SIZE,
      programId: TOKEN_PROGRAM_ID,
    });
    const initialize = createInitializeMint2Instruction(mint.publicKey, decimals, issuer.publicKey, null);
    await client.sendRaw([account, initialize], [issuer, mint]);
    return mint.publicKey;
  }

  /** New wallets, each with `amount` of the mint's tokens in its associated token account. */
  async function wallets(count: number, mint: PublicKey, amount = 1_000n * TOKEN): Promise<Keypair[]> {
    const keypairs = await chain.fundedKeypairs(count);
    await fill(keypairs, mint, amount);
    return keypairs;
  }

  /** Gives wallets `amount` each of the mint's tokens. */
  async function fill(keypairs: readonly Keypair[], mint: PublicKey, amount = 1_000n * TOKEN): Promise<void> {
    const instructions = keypairs.flatMap(({ publicKey }) => [
      createAssociatedTokenAccountInstruction(issuer.publicKey, tokenOf(mint, publicKey), publicKey, mint),
      createMintToInstruction(mint, tokenOf(mint, publicKey), issuer.publicKey, amount),
    ]);
    await client.sendRaw(instructions, [issuer]);
  }

  return {
    ...client,
    createMint,
    wallets,
    fill,
    fundedKeypairs: (count: number) => chain.fundedKeypairs(count),
    vault: (address: PublicKey) => fetched('vault', address),
    stake: (address: PublicKey) => fetched('stake', address),
    balance: async (token: PublicKey) => (await getAccount(connection, token)).amount,
  };
}

/** What tests change of a call. */
export type Changes = Pick<Partial<Call>, 'accounts' | 'signers'>;

/** A vault, and the calls of it. */
export class VaultClient {
  readonly address: PublicKey;
  readonly token: PublicKey;

  constructor(
    readonly chain: StakeVaultChain,
    readonly authority: Keypair,
    readonly mint: PublicKey,
  ) {
    this.address = pda.vault(authority.publicKey, mint);
    this.token = pda.vaultToken(this.address);
  }

  open({ minimumStake = 10n * TOKEN, cooldownSeconds = 3_600 } = {}, changes: Changes = {}): Promise<Landed> {
    return this.chain.call('initializeVault', {
      args: [u64(minimumStake), cooldownSeconds],
      signers: [this.authority],
      ...changes,
      accounts: { mint: this.mint, ...changes.accounts },
    });
  }

  update(minimumStake: bigint | null, cooldownSeconds: number | null, changes: Changes = {}): Promise<Landed> {
    return this.chain.call('updateVault', {
      args: [minimumStake === null ? null : u64(minimumStake), cooldownSeconds],
      signers: [this.authority],
      ...changes,
      accounts: { vault: this.address, ...changes.accounts },
    });
  }

  stake(owner: Keypair, amount: bigint, changes: Changes = {}): Promise<Landed> {
    return this.chain.call('stake', { args: [u64(amount)], ...this.moving(owner, changes) });
  }

  requestUnstake(owner: Keypair, amount: bigint, changes: Changes = {}): Promise<Landed> {
    return this.chain.call('requestUnstake', this.unstaking(owner, amount, changes));
  }

  withdraw(owner: Keypair, changes: Changes = {}): Promise<Landed> {
    return this.chain.call('withdraw', this.moving(owner, changes));
  }

  /** The call of `requestUnstake`. */
  unstaking(owner: Keypair, amount: bigint, changes: Changes = {}): Call {
    const accounts = { vault: this.address, ...changes.accounts };
    return { args: [u64(amount)], signers: [owner], ...changes, accounts };
  }

  stakeOf(owner: Keypair): PublicKey {
    return pda.stake(this.address, owner.publicKey);
  }

  /** The call of `withdraw`; with an amount, of `stake`. */
  moving(owner: Keypair, changes: Changes = {}): Call {
    const accounts = { vault: this.address, ownerToken: tokenOf(this.mint, owner.publicKey), ...changes.accounts };
    return { signers: [owner], ...changes, accounts };
  }
}
