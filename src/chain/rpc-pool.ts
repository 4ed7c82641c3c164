import type { Clock } from '../lib/clock.js';
import type { Commitment } from '../lib/commitment.js';
import type { Log } from '../lib/log.js';
import type { ChainPort } from './chain-port.js';
import { DEFAULT_HEALTH, type HealthPolicy } from './endpoint-health.js';
import { EndpointLag } from './endpoint-lag.js';
import { JsonRpcChain } from './json-rpc-chain.js';
import { type EndpointStatus, PoolMember, type PoolObserver } from './pool-member.js';
import type { PooledEndpoint } from './pooled-endpoint.js';
import { RPC_FAILURES, RpcError } from './rpc-error.js';
import { withRetries } from './rpc-retry.js';
import type { BatchElement, RpcMeter, RpcRequest, RpcTransport } from './rpc-transport.js';

export interface RpcPoolOptions {
  /** In order of preference; at least one. */
  readonly endpoints: readonly PooledEndpoint[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** How long an endpoint that failed is asked only after the others. */
  readonly coolDownMs?: number;
  readonly health?: Partial<HealthPolicy>;
  /** Per endpoint, in their order; 0 or left out = no budget of our own. */
  readonly requestsPerSecond?: readonly number[];
  /** Of each endpoint's rate, what background requests get at most. */
  readonly backgroundShare?: number;
  /** Questions per JSON-RPC batch, where several are asked together; 1 = no batches. */
  readonly batchSize?: number;
  /** An endpoint that is not asked is asked for its head this often, so that the pool knows who is behind. */
  readonly headCheckMs?: number;
  readonly observer?: PoolObserver;
}

/** An endpoint with nobody behind it. */
export interface SingleEndpoint {
  readonly name: string;
  readonly chain: ChainPort;
}

/** The pool as one kind of work sees it: live, or background. */
export interface PoolView {
  /** Any endpoint, with failover and retries. */
  readonly chain: ChainPort;
  /** One chain per endpoint, without failover, in the configured order: for second opinions. */
  readonly members: readonly SingleEndpoint[];
  /** The endpoint that would be asked now, alone. Take it once per piece of work that must not change nodes midway. */
  pinned(): SingleEndpoint;
}

/** Every endpoint alone, the one that would be asked now first: a walk must not change nodes midway. */
export function preferredFirst(view: PoolView): readonly SingleEndpoint[] {
  const preferred = view.pinned();
  return [preferred, ...view.members.filter((member) => member !== preferred)];
}

// A lag is known within seconds, for 6,000 requests a day and endpoint.
const DEFAULT_HEAD_CHECK_MS = 15_000;
// Saves nine of ten round trips of a backfill, while an answer stays below 1 MB (logs are 10 kB, instructions as much)
// and one batch below what endpoints with a limit per second allow at once. Who takes none is noticed at the first.
const DEFAULT_BATCH_SIZE = 10;

/**
 * Several endpoints as one: the first that is well answers, the next takes over when it fails, and the first is back
 * as soon as it answers again. Also the place to get a chain that speaks to exactly one endpoint: a walk and the
 * finalized slot it rests on must come from the same node.
 */
export class RpcPool implements RpcTransport, PoolView {
  readonly chain: ChainPort;
  readonly members: readonly SingleEndpoint[];
  /** The same endpoints for what may take its time: it waits while live requests do, and gets a share of the rate. */
  readonly background: PoolView;
  readonly #members: readonly PoolMember[];
  readonly #lag: EndpointLag;
  readonly #startedMs: number;

  constructor(private readonly options: RpcPoolOptions) {
    const { endpoints, clock, random, log, coolDownMs, requestsPerSecond = [], observer = {} } = options;
    if (endpoints.length === 0) throw new RpcError('bad-request', 'an RPC pool needs at least one endpoint');
    const health = {
      ...DEFAULT_HEALTH,
      ...(coolDownMs === undefined ? {} : { demotedMs: coolDownMs }),
      ...options.health,
    };
    const lag = new EndpointLag(endpoints.length);
    this.#lag = lag;
    this.#startedMs = clock.monotonic();
    this.#members = endpoints.map((endpoint, index) => {
      const earlier = endpoints.slice(0, index).filter(({ name }) => name === endpoint.name).length;
      return new PoolMember({
        index,
        // Two keys at one host are two endpoints.
        name: earlier === 0 ? endpoint.name : `${endpoint.name}#${earlier + 1}`,
        endpoint,
        lag,
        health,
        requestsPerSecond: requestsPerSecond[index] ?? 0,
        ...(options.backgroundShare === undefined ? {} : { backgroundShare: options.backgroundShare }),
        clock,
        random,
        log,
        observer,
      });
    });
    const live = this.#view(false);
    this.chain = live.chain;
    this.members = live.members;
    this.background = this.#view(true);
  }

  /** The endpoint that would be asked now, alone. Take it once per piece of work that must not change nodes midway. */
  pinned(): SingleEndpoint {
    return this.members[this.#preferred()] as SingleEndpoint;
  }

  /** The endpoints for background work whose requests are counted by whoever asks. */
  metered(meter: RpcMeter): PoolView {
    return this.#view(true, meter);
  }

  /** Every endpoint as it stands, in the configured order. */
  status(): readonly EndpointStatus[] {
    return this.#members.map((member) => member.status());
  }

  /** The highest confirmed slot any endpoint has shown; null before the first answer that told. */
  knownHead(): number | null {
    return this.#lag.best('confirmed');
  }

  /**
   * Asks the endpoints in turn until one gives a conclusive answer. A transaction is handed on as well when an endpoint
   * cannot be reached: its bytes are the same, so it still lands at most once.
   */
  async call<T>(request: RpcRequest<T>): Promise<T> {
    let inconclusive: { readonly answer: T } | undefined;
    let failure: RpcError | undefined;
    let failedFirst: PoolMember | undefined;
    for (const member of this.#order(request)) {
      // A second opinion is worth a request, not the time-out of an endpoint known to be in trouble.
      const answered = inconclusive !== undefined || failure?.reason === 'not-here';
      if (answered && member.state() !== 'well') break;
      try {
        const answer = await member.call(request);
        if (failedFirst) this.options.observer?.onFailover?.(failedFirst.name, member.name);
        if (!request.inconclusive?.(answer)) return answer;
        // Part of an answer is better than none.
        if (inconclusive === undefined || inconclusive.answer === null) inconclusive = { answer };
      } catch (error) {
        if (!(error instanceof RpcError) || !RPC_FAILURES[error.reason].elsewhere) throw error;
        failure = moreUseful(failure, error);
        if (error.reason !== 'not-here') failedFirst ??= member;
      }
    }
    if (inconclusive) return inconclusive.answer;
    throw failure ?? new RpcError('unreachable', 'no endpoint was asked');
  }

  /** In batches where the endpoint takes them. What one endpoint could not tell for sure is left to be asked alone. */
  async callMany<T>(requests: readonly RpcRequest<T>[]): Promise<readonly (BatchElement<T> | undefined)[]> {
    const { batchSize = DEFAULT_BATCH_SIZE } = this.options;
    const chunks: (readonly RpcRequest<T>[])[] = [];
    for (let start = 0; start < requests.length; start += batchSize)
      chunks.push(requests.slice(start, start + batchSize));
    // The first tells whether batches are taken at all, before others go out in vain.
    const [first = [], ...rest] = chunks;
    const answered = [await this.#batch(first), ...(await Promise.all(rest.map((chunk) => this.#batch(chunk))))];
    return answered.flat();
  }

  async close(): Promise<void> {
    await Promise.all(this.options.endpoints.map((endpoint) => endpoint.close()));
  }

  async #batch<T>(requests: readonly RpcRequest<T>[]): Promise<readonly (BatchElement<T> | undefined)[]> {
    const [first] = requests;
    if (first === undefined) return [];
    const oneByOne = requests.map(() => undefined);
    const [member] = this.#order(first);
    if (requests.length === 1 || !member?.takesBatches) return oneByOne;
    let elements: readonly BatchElement<T>[] | null;
    try {
      elements = await member.callTogether(requests);
    } catch (error) {
      if (error instanceof RpcError) return oneByOne;
      throw error;
    }
    return (
      elements?.map((element, position) => (this.#isFinal(element, requests[position]) ? element : undefined)) ??
      oneByOne
    );
  }

  /** Whether asking again, or asking another endpoint, would tell nothing more. */
  #isFinal<T>(element: BatchElement<T>, request: RpcRequest<T> | undefined): boolean {
    if (element.kind === 'answer') return this.#members.length === 1 || !request?.inconclusive?.(element.answer);
    const { retryable, elsewhere } = RPC_FAILURES[element.error.reason];
    return !retryable && (!elsewhere || this.#members.length === 1);
  }

  #view(background: boolean, meter?: RpcMeter): PoolView {
    const { clock, random } = this.options;
    const marks = { ...(background ? { background } : {}), ...(meter ? { meter } : {}) };
    const mark = <T>(request: RpcRequest<T>): RpcRequest<T> => ({ ...request, ...marks });
    const chainOver = (transport: RpcTransport) => new JsonRpcChain(withRetries(transport, clock, random));
    const members = this.#members.map((member) => ({
      name: member.name,
      chain: chainOver({ call: (request) => member.call(mark(request)) }),
    }));
    return {
      chain: chainOver({
        call: (request) => this.call(mark(request)),
        callMany: (requests) => this.callMany(requests.map(mark)),
      }),
      members,
      pinned: () => members[this.#preferred()] as SingleEndpoint,
    };
  }

  /** The endpoint to ask first, whatever its budget; the one that is back soonest when none may be asked. */
  #preferred(): number {
    const [first] = this.#inOrderOfHealth();
    if (first !== undefined) return first;
    const now = this.options.clock.monotonic();
    const backIn = this.#members.map((member) => member.health.backInMs(now));
    return backIn.indexOf(Math.min(...backIn));
  }

  /** Those to ask, in turn. One whose budget is used up is passed over while another is free. */
  #order({ background }: { readonly background?: boolean }): readonly PoolMember[] {
    const now = this.options.clock.monotonic();
    const order = this.#inOrderOfHealth().map((index) => this.#members[index] as PoolMember);
    const isFree = (member: PoolMember) => member.budget.isFree(background ? 'background' : 'live', now);
    const well = order.filter((member) => member.state() === 'well');
    const sorted = [
      ...well.filter(isFree),
      ...well.filter((member) => !isFree(member)),
      ...order.filter((member) => member.state() !== 'well'),
      // One that asked for silence is left for when everybody else has failed: it knows itself when it may speak.
      ...this.#members.filter((member) => member.state() === 'paused' && member.health.admits(now)),
    ];
    // Each of them then tells why it is left alone and for how long.
    return sorted.length > 0 ? sorted : this.#members;
  }

  /**
   * The well ones in configured order; those that failed lately, soonest back first; those that lag. Where there is
   * anyone of these, an endpoint whose breaker is due is tried on the side, so that nobody's question waits for it;
   * where there is none, the question itself is the trial.
   */
  #inOrderOfHealth(): number[] {
    const now = this.options.clock.monotonic();
    const having = (...states: string[]) =>
      this.#members
        .map((member, index) => ({ state: member.state(), member, index }))
        .filter(({ state }) => states.includes(state));
    const demoted = having('demoted');
    demoted.sort((a, b) => a.member.health.demotedForMs(now) - b.member.health.demotedForMs(now));
    // One that lags beside having failed is no better than one that only lags.
    const isBehind = ({ member }: { readonly member: PoolMember }) => member.isLagging;
    const order = [
      ...having('well'),
      ...demoted.filter((one) => !isBehind(one)),
      ...having('lagging'),
      ...demoted.filter(isBehind),
    ];
    const due = having('half-open').filter(({ member }) => member.health.admits(now));
    this.#lookAround(now, order.length > 0 ? due.map(({ member }) => member) : []);
    return (order.length > 0 ? order : due).map(({ index }) => index);
  }

  /** Whatever is asked, the others are looked after: there is no timer here, so that time is the caller's. */
  #lookAround(nowMs: number, due: readonly PoolMember[]): void {
    const { headCheckMs = DEFAULT_HEAD_CHECK_MS } = this.options;
    for (const member of this.#members) member.tell();
    for (const member of due) void member.askHead('confirmed');
    if (this.#members.length === 1 || nowMs - this.#startedMs < headCheckMs) return;
    for (const [index, member] of this.#members.entries()) {
      const commitment = this.#lag.headToAsk(index, headCheckMs, nowMs);
      if (commitment !== null && isAskable(member)) void this.#checkHead(member, commitment);
    }
  }

  /** Asks one, and then whoever has shown so much less that it is either behind or was not asked for long. */
  async #checkHead(member: PoolMember, commitment: Commitment): Promise<void> {
    await member.askHead(commitment);
    for (const [index, other] of this.#members.entries()) {
      if (this.#lag.mayLag(index, commitment) && isAskable(other)) void other.askHead(commitment);
    }
  }
}

function isAskable(member: PoolMember): boolean {
  return ['well', 'demoted', 'lagging'].includes(member.state());
}

/**
 * Of several endpoints' failures: "not here" from one that answered beats silence from one that did not (both mean
 * unknown, and waiting changes nothing); then what can be retried beats what cannot, the sooner the better.
 */
function moreUseful(first: RpcError | undefined, next: RpcError): RpcError {
  const weight = (error: RpcError) => (error.reason === 'not-here' ? 2 : error.retryable ? 1 : 0);
  if (first === undefined || weight(next) > weight(first)) return next;
  const waitMs = ({ details }: RpcError) => details.retryAfterMs ?? 0;
  return weight(next) === weight(first) && waitMs(next) < waitMs(first) ? next : first;
}
