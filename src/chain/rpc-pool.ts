import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { ChainPort } from './chain-port.js';
import { JsonRpcChain } from './json-rpc-chain.js';
import { RPC_FAILURES, RpcError } from './rpc-error.js';
import { withRetries } from './rpc-retry.js';
import type { RpcRequest, RpcTransport } from './rpc-transport.js';

/** One endpoint as the pool sees it: rpc-endpoint.ts, or a stand-in. One attempt per call. */
export interface PooledEndpoint extends RpcTransport {
  readonly name: string;
  close(): Promise<void>;
}

export interface RpcPoolOptions {
  /** In order of preference; at least one. */
  readonly endpoints: readonly PooledEndpoint[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** How long an endpoint that failed is asked only after the others. */
  readonly coolDownMs?: number;
}

// Long enough not to hit a dead node with every call, short enough that the preferred one is back soon.
const DEFAULT_COOL_DOWN_MS = 10_000;

/**
 * Several endpoints as one: the first healthy one answers, the next takes over when it fails. Also the place to get a
 * chain that speaks to exactly one endpoint: a walk and the finalized slot it rests on must come from the same node.
 */
export class RpcPool implements RpcTransport {
  /** Any endpoint, with failover and retries. */
  readonly chain: ChainPort;
  /** One chain per endpoint, without failover, in the configured order: for second opinions. */
  readonly members: readonly { readonly name: string; readonly chain: ChainPort }[];
  readonly #coolUntil: number[];

  constructor(private readonly options: RpcPoolOptions) {
    if (options.endpoints.length === 0) throw new RpcError('bad-request', 'an RPC pool needs at least one endpoint');
    const { clock, random } = options;
    this.chain = new JsonRpcChain(withRetries(this, clock, random));
    this.members = options.endpoints.map((endpoint, index) => {
      const watched: RpcTransport = { call: (request) => this.#callMember(index, request) };
      return { name: endpoint.name, chain: new JsonRpcChain(withRetries(watched, clock, random)) };
    });
    this.#coolUntil = options.endpoints.map(() => -Infinity);
  }

  /** The endpoint that would be asked now, alone. Take it once per piece of work that must not change nodes midway. */
  pinned(): { readonly name: string; readonly chain: ChainPort } {
    const [preferred = 0] = this.#order();
    return this.members[preferred] as { name: string; chain: ChainPort };
  }

  /**
   * Asks the endpoints in turn until one gives a conclusive answer. A transaction is handed on as well when an endpoint
   * cannot be reached: its bytes are the same, so it still lands at most once.
   */
  async call<T>(request: RpcRequest<T>): Promise<T> {
    let inconclusive: { readonly answer: T } | undefined;
    let failure: RpcError | undefined;
    for (const index of this.#order()) {
      // A second opinion is worth a request, not the time-out of an endpoint known to be in trouble.
      const answered = inconclusive !== undefined || failure?.reason === 'not-here';
      if (answered && this.#isCooling(index)) break;
      try {
        const answer = await this.#callMember(index, request);
        if (!request.inconclusive?.(answer)) return answer;
        // Part of an answer is better than none.
        if (inconclusive === undefined || inconclusive.answer === null) inconclusive = { answer };
      } catch (error) {
        if (!(error instanceof RpcError) || !RPC_FAILURES[error.reason].elsewhere) throw error;
        failure = moreUseful(failure, error);
      }
    }
    if (inconclusive) return inconclusive.answer;
    throw failure ?? new RpcError('unreachable', 'no endpoint was asked');
  }

  async close(): Promise<void> {
    await Promise.all(this.options.endpoints.map((endpoint) => endpoint.close()));
  }

  async #callMember<T>(index: number, request: RpcRequest<T>): Promise<T> {
    const { endpoints, clock, log, coolDownMs = DEFAULT_COOL_DOWN_MS } = this.options;
    const endpoint = endpoints[index] as PooledEndpoint;
    try {
      const answer = await endpoint.call(request);
      this.#coolUntil[index] = -Infinity;
      return answer;
    } catch (error) {
      if (error instanceof RpcError && RPC_FAILURES[error.reason].coolsDown) {
        if (!this.#isCooling(index)) log.warn({ endpoint: endpoint.name, reason: error.reason }, 'RPC endpoint failed');
        this.#coolUntil[index] = clock.monotonic() + Math.max(coolDownMs, error.details.retryAfterMs ?? 0);
      }
      throw error;
    }
  }

  /** Healthy ones in configured order, then cooling ones, soonest back first. */
  #order(): number[] {
    const indexes = this.options.endpoints.map((_, index) => index);
    const healthy = indexes.filter((index) => !this.#isCooling(index));
    const cooling = indexes.filter((index) => this.#isCooling(index));
    cooling.sort((a, b) => (this.#coolUntil[a] ?? 0) - (this.#coolUntil[b] ?? 0));
    return [...healthy, ...cooling];
  }

  #isCooling(index: number): boolean {
    return (this.#coolUntil[index] ?? -Infinity) > this.options.clock.monotonic();
  }
}

/**
 * Of several endpoints' failures: "not here" from one that answered beats silence from one that did not (both mean
 * unknown, and waiting changes nothing); then what can be retried beats what cannot.
 */
function moreUseful(first: RpcError | undefined, next: RpcError): RpcError {
  const weight = (error: RpcError) => (error.reason === 'not-here' ? 2 : error.retryable ? 1 : 0);
  return first === undefined || weight(next) > weight(first) ? next : first;
}
