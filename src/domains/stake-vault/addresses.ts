import { addressDeriver, addressSeed } from '../../domain-kit/program-addresses.js';

/** Where the program keeps what, by its seeds (programs/stake-vault/src/pda.rs). All addresses are base58. */
export interface StakeVaultAddresses {
  readonly vault: (authority: string, mint: string) => string;
  /** Where the vault's tokens lie. */
  readonly vaultToken: (vault: string) => string;
  readonly stake: (vault: string, owner: string) => string;
}

/** The addresses of the program deployed at `programId`. */
export function stakeVaultAddresses(programId: string): StakeVaultAddresses {
  const derive = addressDeriver(programId);
  return {
    vault: (authority, mint) => derive('vault', addressSeed(authority), addressSeed(mint)),
    vaultToken: (vault) => derive('vault_token', addressSeed(vault)),
    stake: (vault, owner) => derive('stake', addressSeed(vault), addressSeed(owner)),
  };
}
