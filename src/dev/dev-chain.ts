import type { PublicKey } from '@solana/web3.js';

/** A program the development stack puts on its chain. */
export interface DevProgram {
  readonly address: PublicKey;
  readonly soPath: string;
  /**
   * Its development keypair (a JSON array of 64 bytes), whose address is `address`. Needed to deploy to a running
   * validator, where it also becomes the upgrade authority, so that a rebuilt program can be deployed again.
   */
  readonly keypairPath?: string;
}

/** A chain to develop and test against. */
export interface DevChain {
  readonly kind: 'surfnet' | 'validator' | 'external';
  readonly rpcUrls: string[];
  readonly wsUrls: string[];
  /**
   * Tells this chain from the one before it. A Surfnet's comes from the second it was started in: two started within
   * one second share it, a restarted one differs.
   */
  readonly genesisHash: string;
  /**
   * Whether a later start finds this chain again: false for a Surfnet (its history lives in memory) and for a
   * validator without a data directory. A database filled from a chain that does not survive must not either.
   */
  readonly survivesRestart: boolean;
  /**
   * Whether we may do with it what we like (airdrop, deploy). An external URL only when its host is loopback and its
   * genesis is not that of mainnet, testnet or devnet: a tunnel to a public cluster is not local.
   */
  readonly isLocal: boolean;
  /** Adds `lamports` by airdrop and waits until they are confirmed. Throws MooringError `fund-refused`, `fund-failed`. */
  fund(address: PublicKey, lamports: number): Promise<void>;
  /**
   * Makes the program callable. With the same bytes already deployed it does nothing. Throws MooringError
   * `deploy-refused` on a public cluster or over a program that cannot be upgraded, `deploy-failed` otherwise.
   */
  deploy(program: DevProgram): Promise<void>;
  /** Ends what was started; leaves an external chain alone. Safe to call twice. */
  stop(): Promise<void>;
}
