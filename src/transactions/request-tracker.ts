import type { ChainPort } from '../chain/chain-port.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { broadcast, type BroadcastTarget } from './broadcaster.js';
import type { DeskTiming } from './desk-timing.js';
import type { FollowedRequest } from './followed-request.js';
import { withNumberGivenBack } from './give-back.js';
import { livingAttempts, WALLETS, type Attempt, type ManagedTransaction } from './managed-transaction.js';
import type { ErrorCatalog } from './program-refusal.js';
import { proveExpired, type ExpiryWitness } from './prove-expired.js';
import type { Sight } from './read-landing.js';
import { readRefusal } from './read-refusal.js';
import type { SignerWriter } from './signer-writer.js';
import { dropped, expired, landed, landedRefused, offered, type Landing } from './transaction-changes.js';

/** What following signed bytes takes. */
export interface TrackerDeps {
  readonly writer: Pick<SignerWriter, 'change'>;
  readonly chain: Pick<ChainPort, 'transaction'>;
  /** Every endpoint alone: for proofs. */
  readonly witnesses: readonly ExpiryWitness[];
  /** The endpoints to hand bytes to now. */
  readonly targets: () => readonly BroadcastTarget[];
  readonly catalogs: readonly ErrorCatalog[];
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: DeskTiming;
  /** Versions that are signed of one request, each after the one before provably expired. */
  readonly mostAttempts: number;
}

type Changed = Promise<ManagedTransaction | null>;

/**
 * What is done about signed bytes, by what the chain shows of them. Each step gives the request as it is stored then, `null`
 * where nothing was written. Throws what the writer throws, and RpcError.
 */
export class RequestTracker {
  constructor(private readonly deps: TrackerDeps) {}

  /** Hands the newest living bytes to the nodes. Failing to note it is no harm: they are sent again. */
  async offer(followed: FollowedRequest): Changed {
    const { clock, timing, targets } = this.deps;
    const attempt = livingAttempts(followed.transaction).at(-1);
    if (!attempt) return null;
    followed.nextSendMs = clock.monotonic() + timing.resendMs;
    const error = await broadcast(targets(), attempt.wire);
    const at = new Date(clock.now());
    return this.#write(followed, (now) => offered(now, attempt.signature, at, error));
  }

  /** Goes by what was seen of it. */
  async judge(followed: FollowedRequest, sight: Sight): Changed {
    const { transaction } = followed;
    switch (sight.kind) {
      case 'seen':
        return null;
      case 'absent':
        return this.#search(followed);
      case 'landed':
        if (isKnown(transaction, sight.landing)) return null;
        return this.#write(followed, (now) => landed(now, sight.landing));
      case 'landed-refused':
        return this.#judgeRefusal(followed, sight.landing);
    }
  }

  async #judgeRefusal(followed: FollowedRequest, landing: Landing): Changed {
    if (landing.commitment === 'finalized') {
      const refusal = await readRefusal(this.deps.chain, landing.signature, this.deps.catalogs);
      return this.#rest(followed, (now) => landedRefused(now, landing, refusal));
    }
    // A fork may yet take the block in which it failed, and another one hold it without an error.
    if (followed.transaction.state !== 'confirmed') return null;
    return this.#write(followed, (now) => landedRefused(now, landing, null));
  }

  /** Nobody knows it here: it is looked for everywhere, in case it can never land, and offered again. */
  async #search(followed: FollowedRequest): Changed {
    const { clock, timing, witnesses } = this.deps;
    let changed: ManagedTransaction | null = null;
    if (clock.monotonic() >= followed.nextProofMs) {
      followed.nextProofMs = clock.monotonic() + timing.proofMs;
      const living = livingAttempts(followed.transaction);
      const proven = await proveExpired(witnesses, living);
      if (living.every(({ signature }) => proven.has(signature))) return this.#expire(followed);
      if (
        followed.transaction.state === 'confirmed' &&
        (await this.#isDropped(living, followed.transaction.slot ?? 0))
      ) {
        changed = await this.#write(followed, dropped);
      }
    }
    return clock.monotonic() >= followed.nextSendMs ? this.offer(followed) : changed;
  }

  #expire(followed: FollowedRequest): Changed {
    const { clock, log, mostAttempts } = this.deps;
    const { id, signer, attempts } = followed.transaction;
    // What a wallet signed can only be signed again by that wallet.
    const again = signer !== WALLETS && attempts.length < mostAttempts;
    const at = new Date(clock.now());
    followed.nextLookMs = clock.monotonic();
    log.warn({ transaction: id, attempts: attempts.length, again }, 'no version of a transaction can land any more');
    return again
      ? this.#write(followed, (now) => expired(now, at, true))
      : this.#rest(followed, (now) => expired(now, at, false));
  }

  /** Whether every endpoint answers, from that slot or later, and lacks what was confirmed there: a fork took it. */
  async #isDropped(attempts: readonly Attempt[], slot: number): Promise<boolean> {
    const signatures = attempts.map(({ signature }) => signature);
    const answers = await Promise.all(
      this.deps.witnesses.map((witness) => witness.signatureStatuses(signatures).catch(() => null)),
    );
    return answers.every(
      (answer) => answer !== null && answer.contextSlot >= slot && answer.statuses.every((status) => status === null),
    );
  }

  #write({ transaction: { id } }: FollowedRequest, change: (now: ManagedTransaction) => ManagedTransaction | null) {
    return this.deps.writer.change({ id, decide: change });
  }

  /** Like `#write`, of what ends without effect: its number is given back with it. */
  #rest(
    { transaction: { id, counter } }: FollowedRequest,
    change: (now: ManagedTransaction) => ManagedTransaction | null,
  ) {
    return this.deps.writer.change({
      id,
      ...(counter === null ? {} : { counter }),
      decide: (now, row) => {
        const next = change(now);
        return next && withNumberGivenBack(next, row);
      },
    });
  }
}

function isKnown({ state, slot, signature }: ManagedTransaction, landing: Landing): boolean {
  return (
    state === 'confirmed' &&
    landing.commitment === 'confirmed' &&
    slot === landing.slot &&
    signature === landing.signature
  );
}
