import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import type { Commitment } from '../lib/commitment.js';
import type { ChainPort } from './chain-port.js';
import { RpcError, type RpcReason } from './rpc-error.js';

export type FetchOutcome =
  /** The raw getTransaction answer. */
  | { readonly kind: 'found'; readonly raw: unknown }
  /** Nobody could show it in time: park it, conclude nothing (I5). `unknown-here` = every answer was null. */
  | { readonly kind: 'unavailable'; readonly reason: RpcReason | 'unknown-here' | 'stopped' };

export interface TransactionFetcherOptions {
  readonly chain: Pick<ChainPort, 'transaction'>;
  /** Where given, what is fetched at finalized (history) is asked for here, several at a time. */
  readonly history?: Pick<ChainPort, 'transaction' | 'transactions'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Signatures fetched at the same time; more wait their turn, and their patience starts with it. */
  readonly maxConcurrent?: number;
  /** A null after a confirmed notification is lag (TRAPS 12): how long to ask again before giving up. */
  readonly patienceMs?: number;
  readonly backoff?: BackoffPolicy;
}

// How many requests are in flight is the endpoint's to say (rpc-endpoint.ts); this only bounds the answers in memory, of
// up to 100 KB each, with enough of them asked for to keep a fast endpoint busy.
const DEFAULT_MAX_CONCURRENT = 64;
// Confirmed to visible takes a second or two on a healthy node; a lagging one is behind by 150 slots at most before
// it calls itself unhealthy.
const DEFAULT_PATIENCE_MS = 30_000;
const DEFAULT_BACKOFF: BackoffPolicy = { firstMs: 200, maxMs: 3_000, jitter: 0.3 };

/** Transactions of history asked for together: what the pool puts into one batch (rpc-pool.ts). */
const HISTORY_TOGETHER = 10;

/** What is only confirmed is news, and goes before the history that sweeps and backfills fetch at finalized. */
const URGENCY = { confirmed: 1, finalized: 0 } as const satisfies Record<Commitment, number>;

interface Waiting {
  readonly signature: string;
  /** Null: nothing was given for it. */
  readonly answered: (outcome: FetchOutcome | null) => void;
  readonly failed: (error: unknown) => void;
}

/** Fetches transactions by signature, patiently. Whatever the chain says or fails to say is an outcome, not a throw. */
export class TransactionFetcher {
  readonly #turns: PQueue;
  /** One fetch for all who ask at once: a leader announces one signature hundreds of times (TRAPS 29). */
  readonly #inFlight = new Map<string, Promise<FetchOutcome>>();
  readonly #stopped = new AbortController();
  /** History that waits to be asked for together, and the turns for it: news has turns of its own. */
  readonly #waiting: Waiting[] = [];
  readonly #historyTurns: PQueue;

  constructor(private readonly options: TransactionFetcherOptions) {
    // Every fetch that waits listens to it: Node would take more than ten for a leak, and say so.
    setMaxListeners(0, this.#stopped.signal);
    const { maxConcurrent = DEFAULT_MAX_CONCURRENT } = options;
    this.#turns = new PQueue({ concurrency: maxConcurrent });
    this.#historyTurns = new PQueue({ concurrency: Math.ceil(maxConcurrent / HISTORY_TOGETHER) });
  }

  /** Signatures waiting or being fetched. */
  get pending(): number {
    return this.#inFlight.size;
  }

  fetch(signature: string, commitment: Commitment): Promise<FetchOutcome> {
    const key = `${commitment}:${signature}`;
    const running = this.#inFlight.get(key);
    if (running !== undefined) return running;
    const { chain, history } = this.options;
    const isHistory = history !== undefined && commitment === 'finalized';
    const alone = () => this.#fetchAlone(isHistory ? history : chain, signature, commitment);
    const fetching = (isHistory ? this.#askTogether(signature).then((outcome) => outcome ?? alone()) : alone()).finally(
      () => this.#inFlight.delete(key),
    );
    this.#inFlight.set(key, fetching);
    return fetching;
  }

  /** Whoever still waits gets `stopped` after the request in flight. */
  stop(): void {
    this.#stopped.abort();
  }

  #fetchAlone(chain: Pick<ChainPort, 'transaction'>, signature: string, commitment: Commitment): Promise<FetchOutcome> {
    return this.#turns.add(() => this.#fetchPatiently(chain, signature, commitment), {
      priority: URGENCY[commitment],
    });
  }

  /** Null where asking for several at once gave nothing for this one: then it is asked for alone, with patience. */
  #askTogether(signature: string): Promise<FetchOutcome | null> {
    return new Promise((answered, failed) => {
      this.#waiting.push({ signature, answered, failed });
      void this.#historyTurns.add(() => this.#askForWaiting());
    });
  }

  async #askForWaiting(): Promise<void> {
    // Whoever asks in the same moment is asked for together.
    await Promise.resolve();
    const group = this.#waiting.splice(0, HISTORY_TOGETHER);
    const signatures = group.map(({ signature }) => signature);
    const { history } = this.options;
    if (group.length === 0 || history === undefined) return;
    try {
      const answers = this.#stopped.signal.aborted ? [] : await history.transactions(signatures, 'finalized');
      for (const [position, { answered }] of group.entries()) {
        const answer = answers[position] ?? null;
        answered(answer === null || answer instanceof RpcError ? null : { kind: 'found', raw: answer });
      }
    } catch (error) {
      for (const { failed } of group) failed(error);
    }
  }

  async #fetchPatiently(
    chain: Pick<ChainPort, 'transaction'>,
    signature: string,
    commitment: Commitment,
  ): Promise<FetchOutcome> {
    const { clock, random, patienceMs = DEFAULT_PATIENCE_MS, backoff = DEFAULT_BACKOFF } = this.options;
    const { signal } = this.#stopped;
    const deadline = clock.monotonic() + patienceMs;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const { outcome, againAfterMs } = await askOnce(chain, signature, commitment);
      if (againAfterMs === null) return outcome;
      const wait = Math.max(backoffMs(backoff, attempt, random), againAfterMs);
      if (clock.monotonic() + wait > deadline) return outcome;
      await clock.sleep(wait, signal);
    }
    return { kind: 'unavailable', reason: 'stopped' };
  }
}

/** `againAfterMs`: the least to wait before asking again, null where that changes nothing. */
async function askOnce(
  chain: Pick<ChainPort, 'transaction'>,
  signature: string,
  commitment: Commitment,
): Promise<{ outcome: FetchOutcome; againAfterMs: number | null }> {
  try {
    const raw = await chain.transaction(signature, commitment);
    if (raw !== null) return { outcome: { kind: 'found', raw }, againAfterMs: null };
    return { outcome: { kind: 'unavailable', reason: 'unknown-here' }, againAfterMs: 0 };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const { reason, retryable, details } = error;
    return { outcome: { kind: 'unavailable', reason }, againAfterMs: retryable ? (details.retryAfterMs ?? 0) : null };
  }
}
