import { Keypair } from '@solana/web3.js';
import bs58 from 'bs58';

const KEYS = [1, 2].map((n) => Keypair.fromSeed(new Uint8Array(32).fill(n)));

/** Who signs and pays, base58. */
export const SIGNERS: readonly string[] = KEYS.map(({ publicKey }) => publicKey.toBase58());
/** Their keys, as the settings have them. */
export const SIGNER_SECRET_KEYS = KEYS.map(({ secretKey }) => bs58.encode(secretKey)).join(',');
