import type { Clock } from '../../lib/clock.js';
import type { Signers } from '../signer.js';
import type { NoncePool } from './nonce-pool.js';
import type { NonceStore } from './nonce-store.js';
import type { NonceChain } from './read-nonces.js';

/** What it takes to make, mend and close nonce accounts. */
export interface NonceWork extends NonceChain {
  readonly store: NonceStore;
  readonly pool: NoncePool;
  readonly signers: Signers;
  readonly clock: Clock;
  /** Told what is being waited for, for people. */
  readonly tell: (line: string) => void;
}
