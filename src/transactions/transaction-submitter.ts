import { randomUUID } from 'node:crypto';
import type { ChainPort } from '../chain/chain-port.js';
import type { Clock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { askingTheChain } from './chain-trouble.js';
import { compileTransaction, signTransaction, wireBytes, type UnsignedTransaction } from './compile-transaction.js';
import type { Attempt, ManagedTransaction, TransactionResult } from './managed-transaction.js';
import { describeRefusal, type ErrorCatalog } from './program-refusal.js';
import { bodyHash, decideKey, transactionId } from './request-identity.js';
import type { Signers } from './signer.js';
import { TransactionFollower, type FollowTiming } from './transaction-follower.js';
import { isResting } from './transaction-machine.js';
import type { StoreOutcome, TransactionStore } from './transaction-store.js';

/** A transaction and what it will make, built only when it is needed. */
export interface TransactionPlan extends UnsignedTransaction {
  readonly result: TransactionResult;
}

/** A client's wish. */
export interface SubmitRequest {
  /** Id of the API key. */
  readonly owner: string;
  /** The client's Idempotency-Key; without one every request is a new one. */
  readonly key?: string;
  readonly command: string;
  /** What makes two requests the same: parameters and body. */
  readonly identity: unknown;
  /** Reads what it needs from the chain. What it throws reaches the caller; nothing is stored then. */
  readonly plan: () => Promise<TransactionPlan>;
  /** Refusals, by name, that mean: what the plan was made of has changed meanwhile, make it again. */
  readonly races?: readonly string[];
}

/** `current` may be unresolved: then nothing is known to have failed, and its follower keeps at it. */
export type SubmitOutcome =
  | { readonly kind: 'current'; readonly transaction: ManagedTransaction; readonly repeated: boolean }
  | { readonly kind: 'key-reused' };

export interface SubmitterDeps {
  readonly chain: ChainPort;
  readonly store: TransactionStore;
  readonly signers: Signers;
  /** Errors of our programs, by IDL. */
  readonly catalogs: readonly ErrorCatalog[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timing?: Partial<FollowTiming>;
}

/** A starting process takes up this many; the rest follows at the next start or when somebody asks for them. */
const RESUMED_AT_START = 1_000;
/** A new blockhash comes with every block, each 400 ms or so; several requests may wait for one each. */
const NEXT_BLOCKHASH_MS = 250;
const BLOCKHASH_TRIES = 40;
/** Plans of one request that lose a race before it is refused; each takes as long as the chain takes for a read. */
const PLAN_TRIES = 5;

/**
 * Turns requests into transactions, each with at most one effect on chain (I9): the key and the signed bytes are
 * stored before the first send, only one version is ever signed, and only the chain says what became of it.
 */
export class TransactionSubmitter {
  readonly #follower: TransactionFollower;

  constructor(private readonly deps: SubmitterDeps) {
    this.#follower = new TransactionFollower(deps);
  }

  /** Waits up to `waitMs` for the chain's answer. */
  async submit(request: SubmitRequest, waitMs: number): Promise<SubmitOutcome> {
    const { store } = this.deps;
    const id = transactionId(request.owner, request.key ?? randomUUID());
    const hash = bodyHash({ command: request.command, request: request.identity });

    let stored = await store.find(id);
    const repeated = stored !== null;
    if (decideKey(stored, hash) === 'other-body') return { kind: 'key-reused' };
    if (stored === null || stored.state === 'pending') {
      const plan = await askingTheChain(request.plan);
      if (stored === null && !(await store.insert(this.#newTransaction(id, request, hash)))) {
        stored = await store.find(id);
        if (decideKey(stored, hash) === 'other-body') return { kind: 'key-reused' };
      }
      if (stored === null || stored.state === 'pending') await this.#sign(id, request, plan);
      stored = await store.find(id);
    }
    if (stored === null) throw new Error(`managed transaction ${id} disappeared`);
    return { kind: 'current', transaction: await this.#follow(stored, waitMs), repeated };
  }

  /** The request as it is now, looked for on chain again when its answer is still open. Null when there is none. */
  async look(id: string, waitMs: number): Promise<ManagedTransaction | null> {
    const stored = await this.deps.store.find(id);
    return stored && this.#follow(stored, waitMs);
  }

  /** Takes up what a process that died left under way; returns how many. */
  async resumeUnresolved(): Promise<number> {
    const unresolved = await this.deps.store.unresolved(RESUMED_AT_START);
    for (const transaction of unresolved) void this.#follower.follow(transaction);
    if (unresolved.length > 0) this.deps.log.info({ count: unresolved.length }, 'took up unresolved transactions');
    return unresolved.length;
  }

  /** Stops following. What is unresolved stays so, for the next process. */
  async stop(): Promise<void> {
    await this.#follower.stop();
  }

  /**
   * From `pending` to stored bytes, or to the chain's no before anything was sent. A plan that lost a race in the
   * simulation is made again: nothing is signed yet, so that this cannot have two effects (I9).
   */
  async #sign(id: string, request: SubmitRequest, firstPlan: TransactionPlan): Promise<void> {
    let plan = firstPlan;
    let plans = 1;
    for (let tries = 0; tries < BLOCKHASH_TRIES; tries++) {
      const outcome = await this.#signOnce(id, request, plan, plans < PLAN_TRIES);
      if (outcome !== 'same-bytes' && outcome !== 'raced') return;
      await this.deps.clock.sleep(NEXT_BLOCKHASH_MS);
      if (outcome === 'raced') {
        plan = await askingTheChain(request.plan);
        plans += 1;
      }
    }
    throw new MooringError(
      'conflict',
      'Another request with the same content is under way. Nothing was sent; try again.',
    );
  }

  async #signOnce(
    id: string,
    { command, races = [] }: SubmitRequest,
    plan: TransactionPlan,
    mayPlanAgain: boolean,
  ): Promise<'refused' | 'raced' | StoreOutcome> {
    const { chain, store, clock, catalogs, signers, metrics } = this.deps;
    const { blockhash, lastValidBlockHeight } = await askingTheChain(() => chain.latestBlockhash('confirmed'));
    const transaction = compileTransaction(plan, blockhash);
    // Asked here and not as the preflight of a send: a refusal is then certain to be the whole story, because no node
    // has seen any bytes that could still land.
    const simulated = await askingTheChain(() => chain.simulateTransaction(wireBytes(transaction), 'confirmed'));
    const now = new Date(clock.now());
    if (simulated.err !== null) {
      const refusal = describeRefusal('simulation', simulated.err, simulated.logs, catalogs);
      if (mayPlanAgain && races.includes(refusal.name)) return 'raced';
      const failed = await store.rest(id, ['pending'], { state: 'failed', slot: null, commitment: null, refusal }, now);
      if (failed) metrics.transactionsTotal.inc({ command, outcome: 'failed' });
      return 'refused';
    }
    const { signature, wire } = await signTransaction(transaction, signers);
    const attempt: Attempt = { signature, wire, blockhash, lastValidBlockHeight, signedAt: now, firstSentAt: null };
    return store.storeAttempt(id, attempt, plan.result, now);
  }

  async #follow(transaction: ManagedTransaction, waitMs: number): Promise<ManagedTransaction> {
    if (isResting(transaction.state) || transaction.attempts.length === 0) return transaction;
    const { clock } = this.deps;
    const waiting = new AbortController();
    const late = clock.sleep(waitMs, waiting.signal);
    await Promise.race([this.#follower.follow(transaction), late]);
    waiting.abort();
    return (await this.deps.store.find(transaction.id)) ?? transaction;
  }

  #newTransaction(id: string, request: SubmitRequest, hash: string): ManagedTransaction {
    const now = new Date(this.deps.clock.now());
    return {
      id,
      owner: request.owner,
      command: request.command,
      bodyHash: hash,
      state: 'pending',
      attempts: [],
      result: null,
      slot: null,
      commitment: null,
      refusal: null,
      createdAt: now,
      updatedAt: now,
    };
  }
}
