import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { lookUpAttempt, type Finding } from './look-up-attempt.js';
import { currentAttempt, type Attempt, type ManagedTransaction, type TransactionState } from './managed-transaction.js';
import type { ErrorCatalog } from './program-refusal.js';
import { pollIntervalMs } from './poll-interval.js';
import { StatusBatch } from './status-batch.js';
import { isResting, transition } from './transaction-machine.js';
import type { Outcome, TransactionStore } from './transaction-store.js';

export interface FollowTiming {
  /** Until the next look at the chain, for a transaction that has been followed for so long. */
  readonly pollMs: (followedMs: number) => number;
  /** Between sends of the same bytes, and between questions whether they can still land. */
  readonly resendMs: number;
}

// A slot takes 400 ms; a leader drops what it has no room for, so the bytes are offered to the next ones.
const DEFAULT_TIMING: FollowTiming = { pollMs: pollIntervalMs, resendMs: 2_000 };
const TROUBLE: BackoffPolicy = { firstMs: 500, maxMs: 10_000, jitter: 0.5 };

interface FollowerDeps {
  readonly chain: ChainPort;
  readonly store: TransactionStore;
  readonly catalogs: readonly ErrorCatalog[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timing?: Partial<FollowTiming>;
}

/**
 * Sends stored bytes again and again until the chain has said what became of them. Several followers of one request
 * do no harm: they send the same bytes and write the same answer.
 */
export class TransactionFollower {
  readonly #following = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #timing: FollowTiming;
  readonly #statuses: StatusBatch;

  constructor(private readonly deps: FollowerDeps) {
    this.#timing = { ...DEFAULT_TIMING, ...deps.timing };
    this.#statuses = new StatusBatch(deps.chain, deps.clock);
  }

  /** Resolves when the request rests or the follower stops; never rejects. One loop per request. */
  follow(transaction: ManagedTransaction): Promise<void> {
    const present = this.#following.get(transaction.id);
    if (present) return present;
    const following = this.#run(transaction).finally(() => this.#following.delete(transaction.id));
    this.#following.set(transaction.id, following);
    return following;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#following.values());
  }

  async #run(transaction: ManagedTransaction): Promise<void> {
    const { chain, catalogs, clock, log } = this.deps;
    const statusOf = (signature: string) => this.#statuses.ask(signature);
    const since = clock.monotonic();
    const attempt = currentAttempt(transaction);
    if (!attempt) return;
    let state: TransactionState = transaction.state;
    let nextSendAt = -Infinity;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        // Bytes stored a moment ago were not sent by anybody yet: their first look would find nothing.
        const fresh = state === 'signed' && nextSendAt === -Infinity && this.#isFresh(attempt);
        const due = clock.monotonic() >= nextSendAt;
        const finding = fresh ? NOT_SEEN : await lookUpAttempt(chain, statusOf, attempt, catalogs, due);
        const next = transition(state, finding.kind);
        if (next.kind === 'to' && isResting(next.state)) {
          await this.#rest(transaction, outcomeOf(finding));
          return;
        }
        if (due && finding.kind === 'not-known' && !finding.seen) {
          nextSendAt = clock.monotonic() + this.#timing.resendMs;
          state = await this.#send(transaction.id, attempt, state);
        }
        failures = 0;
        await clock.sleep(this.#timing.pollMs(clock.monotonic() - since), this.#stopping.signal);
      } catch (error) {
        // Not knowing is not an answer (I5): ask again, however long it takes.
        log.warn({ transaction: transaction.id, reason: messageOf(error) }, 'cannot follow the transaction right now');
        await clock.sleep(backoffMs(TROUBLE, failures++, Math.random), this.#stopping.signal);
      }
    }
  }

  async #send(id: string, attempt: Attempt, state: TransactionState): Promise<TransactionState> {
    const { chain, clock, log, store } = this.deps;
    try {
      // It was simulated before it was signed; a preflight now could only refuse what another node has already taken.
      await chain.sendTransaction(attempt.wire, {
        skipPreflight: true,
        preflightCommitment: 'confirmed',
        maxRetries: 0,
      });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      // Whatever a node says to a send, the bytes may be on their way: the next look tells (TRAPS 20).
      log.debug({ transaction: id, signature: attempt.signature, reason: error.reason }, 'a send was not accepted');
    }
    if (transition(state, 'send-attempted').kind !== 'to') return state;
    await store.markSent(id, attempt.signature, new Date(clock.now()));
    return 'sent';
  }

  async #rest(transaction: ManagedTransaction, outcome: Outcome): Promise<void> {
    const { store, clock, log, metrics } = this.deps;
    const now = new Date(clock.now());
    if (!(await store.rest(transaction.id, ['signed', 'sent'], outcome, now))) return;
    const { command, createdAt } = transaction;
    metrics.transactionsTotal.inc({ command, outcome: outcome.state });
    metrics.transactionSeconds.observe({ command }, (now.getTime() - createdAt.getTime()) / 1_000);
    const signature = currentAttempt(transaction)?.signature;
    log.info({ transaction: transaction.id, command, signature, slot: outcome.slot }, `transaction ${outcome.state}`);
  }

  #isFresh(attempt: Attempt): boolean {
    const age = this.deps.clock.now() - attempt.signedAt.getTime();
    return age >= 0 && age < this.#timing.resendMs;
  }
}

const NOT_SEEN: Finding = { kind: 'not-known', seen: false };

function outcomeOf(finding: Finding): Outcome {
  switch (finding.kind) {
    case 'landed':
      return { state: 'confirmed', slot: finding.slot, commitment: finding.commitment, refusal: null };
    case 'landed-refused':
      return { state: 'failed', slot: finding.slot, commitment: finding.commitment, refusal: finding.refusal };
    case 'expiry-proven':
      return { state: 'expired', slot: null, commitment: null, refusal: null };
    case 'not-known':
      throw new Error('nothing is known: there is no outcome');
  }
}
