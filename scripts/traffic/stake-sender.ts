import { Connection, type Keypair } from '@solana/web3.js';
import idl from '../../idl/stake-vault.json' with { type: 'json' };
import { DevSender, type Landed } from '../../src/dev/send-and-confirm.js';
import { createInstructionBuilder } from '../../src/domain-kit/command-instruction.js';
import { associatedToken } from '../../src/domain-kit/token-account.js';
import { stakeVaultAddresses, type StakeVaultAddresses } from '../../src/domains/stake-vault/addresses.js';

/** A vault, as its users name it. */
export interface VaultPlace {
  readonly authority: Keypair;
  /** Of 6 decimals. */
  readonly mint: string;
}

/** Uses stake vaults straight on the chain. Amounts are in millionths. Each method throws what `DevSender.send` throws. */
export class StakeSender {
  readonly at: StakeVaultAddresses;
  readonly sender: DevSender;
  readonly #instruction: ReturnType<typeof createInstructionBuilder>;

  constructor(rpcUrl: string, wsUrl: string, programId: string = idl.address) {
    this.at = stakeVaultAddresses(programId);
    this.sender = new DevSender(new Connection(rpcUrl, { commitment: 'confirmed', wsEndpoint: wsUrl }));
    this.#instruction = createInstructionBuilder(idl, programId);
  }

  addressOf({ authority, mint }: VaultPlace): string {
    return this.at.vault(authority.publicKey.toBase58(), mint);
  }

  open(place: VaultPlace, minimumStake: bigint, cooldownSeconds: number): Promise<Landed> {
    const vault = this.addressOf(place);
    const authority = place.authority.publicKey.toBase58();
    const accounts = { vault, vault_token: this.at.vaultToken(vault), mint: place.mint, authority };
    const args = { minimum_stake: minimumStake, cooldown_seconds: cooldownSeconds };
    return this.#send('initialize_vault', args, accounts, place.authority);
  }

  update(place: VaultPlace, minimumStake: bigint): Promise<Landed> {
    const accounts = { vault: this.addressOf(place), authority: place.authority.publicKey.toBase58() };
    return this.#send(
      'update_vault',
      { minimum_stake: minimumStake, cooldown_seconds: null },
      accounts,
      place.authority,
    );
  }

  stake(place: VaultPlace, owner: Keypair, amount: bigint): Promise<Landed> {
    return this.#send('stake', { amount }, this.#moving(place, owner), owner);
  }

  requestUnstake(place: VaultPlace, owner: Keypair, amount: bigint): Promise<Landed> {
    const vault = this.addressOf(place);
    const by = owner.publicKey.toBase58();
    return this.#send('request_unstake', { amount }, { vault, stake: this.at.stake(vault, by), owner: by }, owner);
  }

  withdraw(place: VaultPlace, owner: Keypair): Promise<Landed> {
    return this.#send('withdraw', {}, this.#moving(place, owner), owner);
  }

  #moving(place: VaultPlace, owner: Keypair): Record<string, string> {
    const vault = this.addressOf(place);
    const by = owner.publicKey.toBase58();
    return {
      ...{ vault, stake: this.at.stake(vault, by), owner: by },
      ...{ vault_token: this.at.vaultToken(vault), owner_token: associatedToken(place.mint, by) },
    };
  }

  #send(
    name: string,
    args: Readonly<Record<string, unknown>>,
    accounts: Readonly<Record<string, string>>,
    signer: Keypair,
  ): Promise<Landed> {
    return this.sender.send([this.#instruction(name, args, accounts)], [signer]);
  }
}
