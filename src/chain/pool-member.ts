import type { Clock } from '../lib/clock.js';
import type { Commitment } from '../lib/commitment.js';
import type { Log } from '../lib/log.js';
import {
  type Admission,
  type CallOutcome,
  EndpointHealth,
  type HealthPolicy,
  type HealthState,
} from './endpoint-health.js';
import { asCount } from './answer-shape.js';
import { type EndpointLag, MAX_ENDPOINT_LAG } from './endpoint-lag.js';
import type { PooledEndpoint } from './pooled-endpoint.js';
import { RateBudget, type RpcPriority } from './rate-budget.js';
import { RateGate } from './rate-gate.js';
import { RpcError } from './rpc-error.js';
import type { BatchElement, RpcRequest, RpcTransport } from './rpc-transport.js';

/** What is told of an endpoint: its health, or `lagging` where that is all that is wrong with it. */
export type EndpointState = HealthState | 'lagging';

/** An endpoint as the pool sees it now, for status pages. */
export interface EndpointStatus {
  /** Host only. */
  readonly name: string;
  readonly state: EndpointState;
  /** Milliseconds until it may be asked again; 0 when it may now. */
  readonly backInMs: number;
  readonly lagSlots: number;
  /** What we allow ourselves now; null = no limit. */
  readonly requestsPerSecond: number | null;
  readonly failuresInARow: number;
  /** Null since it answered. */
  readonly lastFailure: string | null;
  /** False once it refused a JSON-RPC batch. */
  readonly takesBatches: boolean;
}

/** Who is told what happens in a pool, for metrics. None may throw. */
export interface PoolObserver {
  readonly onState?: (endpoint: string, state: EndpointState) => void;
  readonly onLag?: (endpoint: string, slots: number) => void;
  /** A question went on from one endpoint and was answered by another. */
  readonly onFailover?: (from: string, to: string) => void;
  /** A request waited for the rate budget. */
  readonly onRateWait?: (endpoint: string, priority: RpcPriority, ms: number) => void;
}

export interface PoolMemberOptions {
  readonly index: number;
  readonly name: string;
  readonly endpoint: PooledEndpoint;
  readonly lag: EndpointLag;
  readonly health: HealthPolicy;
  /** 0 = no budget of our own. */
  readonly requestsPerSecond: number;
  readonly backgroundShare?: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly observer: PoolObserver;
}

/** One endpoint of a pool: its breaker, its budget and its lag around every request. Never asks another. */
export class PoolMember implements RpcTransport {
  readonly name: string;
  readonly health: EndpointHealth;
  readonly budget: RateBudget;
  readonly #gate: RateGate;
  #takesBatches: boolean;
  #told: EndpointState = 'well';
  #isAskedForHead = false;

  constructor(private readonly options: PoolMemberOptions) {
    const { name, endpoint, health, random, requestsPerSecond, backgroundShare, clock, observer } = options;
    this.name = name;
    this.health = new EndpointHealth(health, random);
    this.budget = new RateBudget({ requestsPerSecond, ...(backgroundShare === undefined ? {} : { backgroundShare }) });
    this.#gate = new RateGate(this.budget, clock, ({ priority, ms }) => observer.onRateWait?.(name, priority, ms));
    this.#takesBatches = endpoint.batch !== undefined;
    observer.onState?.(name, 'well');
  }

  get takesBatches(): boolean {
    return this.#takesBatches;
  }

  get isLagging(): boolean {
    return this.options.lag.isLagging(this.options.index);
  }

  state(): EndpointState {
    const state = this.health.state(this.options.clock.monotonic());
    return state === 'well' && this.isLagging ? 'lagging' : state;
  }

  status(): EndpointStatus {
    const { lag, index, clock } = this.options;
    const now = clock.monotonic();
    return {
      name: this.name,
      state: this.state(),
      backInMs: this.health.backInMs(now),
      lagSlots: lag.lagSlots(index),
      requestsPerSecond: this.budget.ratePerSecond(now),
      failuresInARow: this.health.failuresInARow,
      lastFailure: this.health.lastFailure,
      takesBatches: this.#takesBatches,
    };
  }

  /** One attempt, when the budget allows. Throws at once while the endpoint is to be left alone. */
  async call<T>(request: RpcRequest<T>): Promise<T> {
    return this.#inTurn(priorityOf(request), 1, async () => {
      const { endpoint, lag } = this.options;
      const best = request.view ? lag.best(request.view.commitment) : null;
      request.meter?.(request.method);
      const answer = await endpoint.call(request);
      return () => this.#believe(request, answer, best);
    });
  }

  /** Several at once. Null: this endpoint takes no batches, and none will be sent again. */
  async callTogether<T>(requests: readonly RpcRequest<T>[]): Promise<readonly BatchElement<T>[] | null> {
    const { endpoint, log } = this.options;
    const [first] = requests;
    if (endpoint.batch === undefined || first === undefined || !this.#takesBatches) return null;
    return this.#inTurn(priorityOf(first), requests.length, async () => {
      for (const { meter, method } of requests) meter?.(method);
      const outcome = await endpoint.batch?.(requests);
      if (outcome?.kind === 'answered') return () => outcome.elements;
      if (this.#takesBatches)
        log.info({ endpoint: this.name, detail: outcome?.detail }, 'RPC endpoint takes no batches');
      this.#takesBatches = false;
      return () => null;
    });
  }

  /**
   * Asks for its head, so that the breaker or the lag learns; its answer is nobody's. Resolves when that is known, at
   * once when it is being asked already. Never throws.
   */
  async askHead(commitment: Commitment): Promise<void> {
    if (this.#isAskedForHead) return;
    this.#isAskedForHead = true;
    const view = { commitment, slotOf: (slot: number) => slot };
    // What goes wrong is counted where it happens.
    await this.call({ method: 'getSlot', params: [{ commitment }], read: asCount, view }).catch(() => undefined);
    this.#isAskedForHead = false;
  }

  /** Tells of a state that has changed since it was last told, be it by time alone. */
  tell(): void {
    const { log, observer } = this.options;
    const state = this.state();
    observer.onLag?.(this.name, this.options.lag.lagSlots(this.options.index));
    // A probe that is due or under way is part of being open.
    if (state === this.#told || state === 'half-open') return;
    const fields = { endpoint: this.name, was: this.#told, reason: this.health.lastFailure };
    this.#told = state;
    observer.onState?.(this.name, state);
    if (state === 'well') log.info(fields, 'RPC endpoint is well again');
    else log.warn(fields, `RPC endpoint is ${state}`);
  }

  /** `work` returns what to do with the answer: that is no longer the endpoint's health. */
  async #inTurn<T>(priority: RpcPriority, cost: number, work: () => Promise<() => T>): Promise<T> {
    const { clock } = this.options;
    // Not to wait in line for something that will not be done.
    if (!this.health.admits(clock.monotonic())) throw this.#refusal();
    await this.#gate.enter(priority, cost);
    try {
      const admission = this.health.begin(clock.monotonic());
      if (admission === undefined) throw this.#refusal();
      const use = await this.#watched(admission, work);
      return use();
    } finally {
      this.#gate.leave(priority);
      this.tell();
    }
  }

  async #watched<T>(admission: Admission, work: () => Promise<T>): Promise<T> {
    const { clock } = this.options;
    let outcome: CallOutcome = { kind: 'failed', reason: 'malformed-answer' };
    try {
      const result = await work();
      outcome = { kind: 'ok' };
      return result;
    } catch (error) {
      if (error instanceof RpcError) {
        outcome = { kind: 'failed', reason: error.reason, retryAfterMs: error.details.retryAfterMs };
        if (error.reason === 'rate-limited' && !admission.isLastResort) this.budget.onRateLimited(clock.monotonic());
      }
      throw error;
    } finally {
      this.health.end(admission, outcome, clock.monotonic());
    }
  }

  #believe<T>({ view, claimsAbsence, method }: RpcRequest<T>, answer: T, bestWhenAsked: number | null): T {
    const { lag, index, clock } = this.options;
    const behind = view
      ? lag.observe(index, view.commitment, view.slotOf(answer), bestWhenAsked, clock.monotonic())
      : lag.lagSlots(index);
    if (behind > MAX_ENDPOINT_LAG && claimsAbsence?.(answer)) {
      throw new RpcError('not-ready', `${this.name} ${method}: ${behind} slots behind what another endpoint has shown`);
    }
    return answer;
  }

  #refusal(): RpcError {
    const now = this.options.clock.monotonic();
    const isPaused = this.health.state(now) === 'paused';
    const reason = isPaused ? 'rate-limited' : (this.health.lastFailure ?? 'unreachable');
    const backInMs = this.health.backInMs(now);
    const text = `${this.name}: left alone ${backInMs > 0 ? `for ${backInMs} ms more` : 'while one request tries it'}`;
    return new RpcError(reason, text, backInMs > 0 ? { retryAfterMs: backInMs } : {});
  }
}

function priorityOf({ background }: { readonly background?: boolean }): RpcPriority {
  return background ? 'background' : 'live';
}
