import type { Clock } from '../../lib/clock.js';
import { claimFate, type FindTransaction } from './claim-fates.js';
import { isStuck, judgeNonce, type ClaimFate, type NonceSighting, type NonceStep } from './judge-nonce.js';
import type { NonceStore } from './nonce-store.js';
import { readNonces, type NonceChain } from './read-nonces.js';
import type { NonceProblem, NonceState, StoredNonce } from './stored-nonce.js';

/** What a refresh changed about one nonce account. */
export interface RefreshedNonce {
  readonly address: string;
  readonly step: NonceStep;
  readonly from: NonceState;
  readonly to: NonceState;
  readonly reason: NonceProblem | null;
}

/** What a refresh came to. */
export interface NonceRefresh {
  readonly looked: number;
  /** Those of which nobody could say anything: they are as they were. */
  readonly unknown: readonly string[];
  readonly changed: readonly RefreshedNonce[];
  /** Cooling, while the chain still has the value that something may be signed over: only advancing it ends that. */
  readonly stuck: readonly StoredNonce[];
}

interface PoolDeps extends NonceChain {
  readonly store: NonceStore;
  readonly findTransaction: FindTransaction;
  readonly clock: Pick<Clock, 'now'>;
}

/** Keeps what the database says of nonce accounts in step with the chain and with the transactions that claimed them. */
export class NoncePool {
  constructor(private readonly deps: PoolDeps) {}

  /**
   * Looks at every nonce account, or those of one authority: what has cooled down becomes available, what cannot be used
   * broken, and what the database forgot is put right. Several refreshes at once do no harm. Throws RpcError where the
   * chain cannot be asked at all.
   */
  async refresh(authority?: string): Promise<NonceRefresh> {
    const { store, clock } = this.deps;
    const nonces = await store.list(authority);
    const sightings = nonces.length === 0 ? new Map<string, NonceSighting>() : await this.#read(nonces);
    const changed: RefreshedNonce[] = [];
    const unknown: string[] = [];
    const stuck: StoredNonce[] = [];
    for (const nonce of nonces) {
      const seen = sightings.get(nonce._id);
      if (!seen || seen.kind === 'unknown' || seen.slot < nonce.seenAtSlot) {
        unknown.push(nonce._id);
        continue;
      }
      const change = judgeNonce(nonce, seen, await this.#fateOf(nonce));
      const after = change ? { ...nonce, ...change.next } : nonce;
      if (change && !(await store.change(nonce, change, new Date(clock.now())))) continue;
      if (isStuck(after, seen)) stuck.push(after);
      if (change) {
        const { state: to, reason } = after;
        changed.push({ address: nonce._id, step: change.step, from: nonce.state, to, reason });
      }
    }
    return { looked: nonces.length, unknown, changed, stuck };
  }

  #read(nonces: readonly StoredNonce[]): Promise<Map<string, NonceSighting>> {
    return readNonces(
      this.deps,
      nonces.map(({ _id }) => _id),
    );
  }

  /** Asked after the claim was read: a transaction is stored before it claims. */
  async #fateOf({ _id: address, state, claimedBy, value }: StoredNonce): Promise<ClaimFate | null> {
    if (state !== 'claimed') return null;
    return claimedBy === null ? 'missing' : claimFate(await this.deps.findTransaction(claimedBy), { address, value });
  }
}
