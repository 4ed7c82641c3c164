import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import { RPC_FAILURES, type RpcReason } from './rpc-error.js';

/** When an endpoint is left alone, and for how long. Times in milliseconds. */
export interface HealthPolicy {
  /** After one failure it is asked only after the others, for this long or until it answers. */
  readonly demotedMs: number;
  /** After it said that it is behind, the same. */
  readonly notReadyMs: number;
  /** This many failures in a row open the breaker. */
  readonly failuresToOpen: number;
  /** So does this share of failures among the last calls, once there are enough to speak of a share. */
  readonly window: { readonly ms: number; readonly leastCalls: number; readonly failedShare: number };
  /** How long the breaker stays open: grows with every opening. */
  readonly open: BackoffPolicy;
  /** How long it is left alone after a rate limit that names no time: grows with every one in a row. */
  readonly pause: BackoffPolicy;
  /** Closed for this long, the next opening starts from the shortest time again. */
  readonly stableMs: number;
}

export const DEFAULT_HEALTH: HealthPolicy = {
  // Long enough not to hit a dead node with every call, short enough that the preferred one is back soon.
  demotedMs: 10_000,
  // Five slots: a node that is a little behind has caught up by then.
  notReadyMs: 2_000,
  failuresToOpen: 5,
  window: { ms: 30_000, leastCalls: 20, failedShare: 0.5 },
  // A restarted node answers after seconds; one that is gone costs one request a minute.
  open: { firstMs: 2_000, maxMs: 60_000, jitter: 0.5 },
  // Public endpoints count requests per 10 s.
  pause: { firstMs: 1_000, maxMs: 30_000, jitter: 0.3 },
  stableMs: 60_000,
};

/**
 * `well`: asked in its place. `demoted`: asked after the others. `paused`: told us to stay away. `open`: not
 * asked. `half-open`: one request at a time, which decides.
 */
export type HealthState = 'well' | 'demoted' | 'paused' | 'open' | 'half-open';

/** Goes with a request from its beginning to its end: what began before the state turned says nothing about now. */
export interface Admission {
  readonly era: number;
  readonly isProbe: boolean;
  /** Begun while the server had asked for silence: only when nobody else could answer. */
  readonly isLastResort: boolean;
}

/** How a request ended: `ok`, or the reason it failed for. */
export type CallOutcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'failed'; readonly reason: RpcReason; readonly retryAfterMs?: number | undefined };

type Breaker =
  | { readonly name: 'closed'; readonly sinceMs: number }
  | { readonly name: 'open'; readonly untilMs: number }
  | { readonly name: 'probing' };

/**
 * Decides whether an endpoint may be asked: a circuit breaker, a pause for as long as a rate limit asks, and a place
 * behind the others after a failure. No I/O and no clock: every method takes the monotonic time in milliseconds.
 */
export class EndpointHealth {
  #breaker: Breaker = { name: 'closed', sinceMs: -Infinity };
  /** Openings since it was last closed for long. */
  #openings = 0;
  #era = 0;
  #failuresInARow = 0;
  #limitsInARow = 0;
  #pausedUntilMs = -Infinity;
  /** The server named the time itself: then rpc-endpoint.ts keeps the silence on the wire, whoever asks. */
  #isPauseNamed = false;
  #demotedUntilMs = -Infinity;
  #lastFailure: RpcReason | null = null;
  readonly #calls: CallWindow;

  constructor(
    private readonly policy: HealthPolicy,
    private readonly random: () => number,
  ) {
    this.#calls = new CallWindow(policy.window.ms);
  }

  state(nowMs: number): HealthState {
    if (this.#pausedUntilMs > nowMs) return 'paused';
    if (this.#breaker.name === 'open') return this.#breaker.untilMs > nowMs ? 'open' : 'half-open';
    if (this.#breaker.name === 'probing') return 'half-open';
    return this.#demotedUntilMs > nowMs ? 'demoted' : 'well';
  }

  get failuresInARow(): number {
    return this.#failuresInARow;
  }

  /** Of the last call that failed for a reason that speaks against the endpoint; null since it answered. */
  get lastFailure(): RpcReason | null {
    return this.#lastFailure;
  }

  /** Milliseconds until it may be asked again, 0 when it may now or when only the probe under way is in between. */
  backInMs(nowMs: number): number {
    const openUntilMs = this.#breaker.name === 'open' ? this.#breaker.untilMs : -Infinity;
    return Math.max(0, Math.ceil(Math.max(this.#pausedUntilMs, openUntilMs) - nowMs));
  }

  /** Milliseconds until it is in its place again, if nothing happens. */
  demotedForMs(nowMs: number): number {
    return Math.max(0, this.#demotedUntilMs - nowMs);
  }

  /** Whether `begin` would let a request through: in a pause only where the endpoint itself knows when it ends. */
  admits(nowMs: number): boolean {
    const state = this.state(nowMs);
    if (state === 'paused') return this.#isPauseNamed && this.#breaker.name === 'closed';
    if (state === 'half-open') return this.#breaker.name !== 'probing';
    return state === 'well' || state === 'demoted';
  }

  /** Lets a request begin, as the probe where one is due; undefined = not now. Every admission must be ended. */
  begin(nowMs: number): Admission | undefined {
    if (!this.admits(nowMs)) return undefined;
    const isProbe = this.#breaker.name === 'open';
    if (isProbe) this.#breaker = { name: 'probing' };
    return { era: this.#era, isProbe, isLastResort: this.#pausedUntilMs > nowMs };
  }

  end(admission: Admission, outcome: CallOutcome, nowMs: number): void {
    if (admission.era !== this.#era) {
      // Whatever became of the breaker: a server that asks for silence gets it.
      if (outcome.kind === 'failed' && outcome.reason === 'rate-limited') this.#pause(outcome.retryAfterMs, nowMs);
      return;
    }
    if (outcome.kind === 'ok' && admission.isLastResort) this.#pausedUntilMs = -Infinity;
    if (outcome.kind === 'failed' && isIll(outcome.reason)) this.#onIll(outcome.reason, nowMs);
    else this.#onAnswer(outcome, nowMs);
  }

  #onIll(reason: RpcReason, nowMs: number): void {
    const { failuresToOpen, window, demotedMs } = this.policy;
    this.#lastFailure = reason;
    this.#failuresInARow += 1;
    this.#calls.add(true, nowMs);
    const { calls, failed } = this.#calls.count(nowMs);
    const oftenEnough = calls >= window.leastCalls && failed / calls >= window.failedShare;
    if (this.#breaker.name === 'probing' || this.#failuresInARow >= failuresToOpen || oftenEnough) this.#open(nowMs);
    else this.#demotedUntilMs = nowMs + demotedMs;
  }

  /** Any answer shows that it lives, be it a refusal of the question; some say how it wants to be treated. */
  #onAnswer(outcome: CallOutcome, nowMs: number): void {
    this.#calls.add(false, nowMs);
    this.#failuresInARow = 0;
    if (this.#breaker.name === 'probing') {
      this.#era += 1;
      this.#breaker = { name: 'closed', sinceMs: nowMs };
      this.#calls.clear();
    }
    if (outcome.kind === 'failed' && outcome.reason === 'rate-limited') {
      this.#lastFailure = outcome.reason;
      this.#pause(outcome.retryAfterMs, nowMs);
      return;
    }
    this.#limitsInARow = 0;
    if (outcome.kind === 'failed' && outcome.reason === 'not-ready') {
      this.#lastFailure = outcome.reason;
      this.#demotedUntilMs = nowMs + Math.max(this.policy.notReadyMs, outcome.retryAfterMs ?? 0);
      return;
    }
    this.#lastFailure = null;
    this.#demotedUntilMs = -Infinity;
  }

  #open(nowMs: number): void {
    const { open, stableMs } = this.policy;
    if (this.#breaker.name === 'closed' && nowMs - this.#breaker.sinceMs >= stableMs) this.#openings = 0;
    this.#breaker = { name: 'open', untilMs: nowMs + backoffMs(open, this.#openings, this.random) };
    this.#openings += 1;
    this.#era += 1;
    this.#demotedUntilMs = -Infinity;
  }

  #pause(namedMs: number | undefined, nowMs: number): void {
    // Many requests of one burst are refused together: only the first of them makes the pause grow.
    if (namedMs === undefined && this.#pausedUntilMs > nowMs) return;
    const pauseMs = namedMs ?? backoffMs(this.policy.pause, this.#limitsInARow++, this.random);
    if (nowMs + pauseMs <= this.#pausedUntilMs) return;
    this.#pausedUntilMs = nowMs + pauseMs;
    this.#isPauseNamed = namedMs !== undefined;
  }
}

/** Speaks against the endpoint itself, not against the question or our pace. */
function isIll(reason: RpcReason): boolean {
  return RPC_FAILURES[reason].coolsDown && reason !== 'rate-limited';
}

/** Calls of about the last `ms`, counted in two halves of it: exact at no more than the memory of four numbers. */
class CallWindow {
  #halfStartMs = -Infinity;
  #current = { calls: 0, failed: 0 };
  #previous = { calls: 0, failed: 0 };

  constructor(private readonly ms: number) {}

  add(hasFailed: boolean, nowMs: number): void {
    this.#roll(nowMs);
    this.#current.calls += 1;
    if (hasFailed) this.#current.failed += 1;
  }

  count(nowMs: number): { readonly calls: number; readonly failed: number } {
    this.#roll(nowMs);
    const { calls, failed } = this.#current;
    return { calls: calls + this.#previous.calls, failed: failed + this.#previous.failed };
  }

  clear(): void {
    this.#halfStartMs = -Infinity;
    this.#current = { calls: 0, failed: 0 };
    this.#previous = { calls: 0, failed: 0 };
  }

  #roll(nowMs: number): void {
    const half = this.ms / 2;
    if (nowMs - this.#halfStartMs < half) return;
    this.#previous = nowMs - this.#halfStartMs < this.ms ? this.#current : { calls: 0, failed: 0 };
    this.#current = { calls: 0, failed: 0 };
    this.#halfStartMs = nowMs;
  }
}
