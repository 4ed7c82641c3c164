import { PublicKey, type Keypair } from '@solana/web3.js';
import { mintTokens } from '../traffic/mint-tokens.js';
import { TOKEN } from '../traffic/stake-lane.js';
import { StakeSender } from '../traffic/stake-sender.js';

const MINIMUM_STAKE = 10n * TOKEN;
const COOLDOWN_SECONDS = 10;
const PURSE_TOKENS = 1_000n * TOKEN;

/** A vault to try stakes and developers with, and what they are made of. */
export interface DevVault {
  readonly vault: string;
  /** Of 6 decimals. */
  readonly mint: string;
}

/**
 * Opens a vault on a development chain, with a mint of its own and tokens for each of `owners`, unless it is there from a
 * start before. Throws what the transactions throw.
 */
export async function openDevVault(options: {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly programId: string;
  /** Opens the vault and issues the tokens. */
  readonly authority: Keypair;
  readonly mint: Keypair;
  readonly owners: readonly Keypair[];
}): Promise<DevVault> {
  const { rpcUrl, wsUrl, programId, authority, mint, owners } = options;
  const stakes = new StakeSender(rpcUrl, wsUrl, programId);
  const place = { authority, mint: mint.publicKey.toBase58() };
  const isThere = async (account: PublicKey) =>
    (await stakes.sender.connection.getAccountInfo(account, 'confirmed')) !== null;
  const vault = stakes.addressOf(place);
  if (!(await isThere(mint.publicKey))) await mintTokens(stakes.sender, authority, owners, PURSE_TOKENS, mint);
  if (!(await isThere(new PublicKey(vault)))) await stakes.open(place, MINIMUM_STAKE, COOLDOWN_SECONDS);
  return { vault, mint: place.mint };
}
