import type { Clock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import type { ManagedTransaction } from './managed-transaction.js';
import type { NoncePool } from './nonces/nonce-pool.js';
import type { ClaimedNonce, NonceStore } from './nonces/nonce-store.js';
import { isSignedOver } from './nonces/signed-over.js';

/** The nonces of one signer, who is their authority, as its desk uses them. */
export class SignerNonces {
  constructor(
    private readonly deps: {
      readonly store: Pick<NonceStore, 'claim' | 'release'>;
      readonly pool: Pick<NoncePool, 'refresh'>;
      readonly clock: Pick<Clock, 'now'>;
      readonly authority: string;
    },
  ) {}

  /**
   * A nonce for the next version of a request, of which no other version can land any more: the one it has, unless something
   * is signed over its value.
   * @throws MooringError `no-nonce` when none is free: it is tried again.
   */
  async claim(transaction: ManagedTransaction): Promise<ClaimedNonce> {
    const { store, authority, clock } = this.deps;
    const claim = () => store.claim(authority, transaction.id, new Date(clock.now()));
    let claimed = await claim();
    if (claimed && isSignedOver(transaction, claimed)) {
      await this.release(transaction);
      claimed = await claim();
    }
    if (claimed && !isSignedOver(transaction, claimed)) return claimed;
    throw new MooringError(
      'no-nonce',
      `No durable nonce of ${authority} is free. More are made with: npm run nonces -- grow`,
    );
  }

  /** Gives the nonce that a request has back: it cools down before anybody else gets it. */
  async release(transaction: ManagedTransaction): Promise<void> {
    if (transaction.lifetime !== 'nonce') return;
    const { store, clock } = this.deps;
    await store.release(transaction.id, (nonce) => isSignedOver(transaction, nonce), new Date(clock.now()));
  }

  /** Lets what has cooled down be used again, and takes back what the dead have. Throws RpcError. */
  async refresh(): Promise<void> {
    await this.deps.pool.refresh(this.deps.authority);
  }
}
