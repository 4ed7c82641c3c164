/** `live`: somebody waits for it now. `background`: history, which may take its time. */
export type RpcPriority = 'live' | 'background';

export interface RateBudgetOptions {
  /** What we allow ourselves; 0 = no budget of our own, until the endpoint says that there is one. */
  readonly requestsPerSecond: number;
  /** Of the rate, for background requests at most: 0 < share ≤ 1. Default: BACKGROUND_SHARE. */
  readonly backgroundShare?: number;
}

/** Requests at the head of the two queues, by their cost (a batch costs its elements); null = none waits. */
export interface Waiting {
  readonly live: number | null;
  readonly background: number | null;
}

export type Grant =
  { readonly kind: 'grant'; readonly priority: RpcPriority } | { readonly kind: 'wait'; readonly ms: number };

/** Where nobody says otherwise: half the rate is there at once when live requests come, also those of other processes. */
export const BACKGROUND_SHARE = 0.5;
/** While live requests use the whole rate, every so many-th request is a background one all the same: neither starves. */
const LIVE_PER_BACKGROUND = 9;
/** Unused allowance is kept for this long: providers count per second, so a longer burst would be limited. */
const BURST_SECONDS = 1;
/** A limit hit means we ask too fast for this endpoint: half as fast, as TCP does. */
const DECREASE = 0.5;
/** And back by even steps: from half to whole in this many seconds, so that the limit is felt for rarely. */
const RECOVERY_SECONDS = 60;
/** All refusals of one burst are one sign; the next decrease takes another. */
const DECREASE_AT_MOST_EVERY_MS = 1_000;
const SLOWEST_PER_SECOND = 0.5;

/**
 * How fast an endpoint may be asked, and by whom: a token bucket whose rate falls when the endpoint refuses and rises
 * again slowly. No clock and no queue: every method takes the monotonic time in milliseconds.
 */
export class RateBudget {
  /** Null = unlimited. */
  #rate: number | null;
  /** The rate to return to; Infinity where we have no limit of our own. */
  readonly #own: number;
  readonly #backgroundShare: number;
  /** Where the endpoint refused us without a budget of our own: past this, the limit is given up. */
  #refusedAt = Infinity;
  #tokens: number;
  #backgroundTokens: number;
  #refilledMs = -Infinity;
  #decreasedMs = -Infinity;
  #liveSinceBackground = 0;
  readonly #asked = new AskedLately();

  constructor({ requestsPerSecond, backgroundShare = BACKGROUND_SHARE }: RateBudgetOptions) {
    this.#backgroundShare = backgroundShare;
    this.#own = requestsPerSecond > 0 ? requestsPerSecond : Infinity;
    this.#rate = this.#own === Infinity ? null : this.#own;
    this.#tokens = this.#capacity();
    this.#backgroundTokens = this.#backgroundCapacity();
  }

  /** Requests per second that may be sent now; null = as many as one likes. */
  ratePerSecond(nowMs: number): number | null {
    this.#refill(nowMs);
    return this.#rate;
  }

  /** Who may go now, if anybody. A grant is spent. At least one must be waiting. */
  decide(waiting: Waiting, nowMs: number): Grant {
    this.#refill(nowMs);
    const { live, background } = waiting;
    if (live !== null && background !== null) {
      const isBackgroundsTurn = this.#liveSinceBackground >= LIVE_PER_BACKGROUND;
      return isBackgroundsTurn ? this.#grant('background', background, 0, nowMs) : this.#grant('live', live, 0, nowMs);
    }
    if (live !== null) return this.#grant('live', live, 0, nowMs);
    const cost = background ?? 1;
    const ownWaitMs = this.#waitMs(this.#backgroundTokens, cost, this.#backgroundCapacity(), this.#backgroundShare);
    return this.#grant('background', cost, ownWaitMs, nowMs);
  }

  /** Whether a request would go through without waiting; spends nothing. */
  isFree(priority: RpcPriority, nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#rate === null) return true;
    return this.#tokens >= 1 && (priority === 'live' || this.#backgroundTokens >= 1);
  }

  /** The endpoint refused a request for our pace. */
  onRateLimited(nowMs: number): void {
    this.#refill(nowMs);
    if (nowMs - this.#decreasedMs < DECREASE_AT_MOST_EVERY_MS) return;
    const rate = this.#rate ?? this.#asked.perSecond(nowMs);
    if (this.#own === Infinity) this.#refusedAt = Math.max(rate, SLOWEST_PER_SECOND);
    this.#rate = Math.max(SLOWEST_PER_SECOND, rate * DECREASE);
    this.#decreasedMs = nowMs;
    this.#tokens = Math.min(this.#tokens, 1, this.#capacity());
    this.#backgroundTokens = Math.min(this.#backgroundTokens, 1, this.#backgroundCapacity());
  }

  #grant(priority: RpcPriority, cost: number, ownWaitMs: number, nowMs: number): Grant {
    const waitMs = Math.max(ownWaitMs, this.#waitMs(this.#tokens, cost, this.#capacity(), 1));
    if (waitMs > 0) return { kind: 'wait', ms: waitMs };
    this.#asked.add(cost, nowMs);
    if (this.#rate !== null) this.#tokens -= cost;
    if (priority === 'live') {
      this.#liveSinceBackground += cost;
    } else {
      if (this.#rate !== null) this.#backgroundTokens -= cost;
      this.#liveSinceBackground = 0;
    }
    return { kind: 'grant', priority };
  }

  /** What costs more than the bucket holds goes when it is full, and leaves a debt. */
  #waitMs(tokens: number, cost: number, capacity: number, share: number): number {
    if (this.#rate === null) return 0;
    const missing = Math.min(cost, capacity) - tokens;
    // Less than a thousandth is what floating-point sums leave behind.
    return missing <= 0.001 ? 0 : Math.ceil((missing / (this.#rate * share)) * 1_000);
  }

  #refill(nowMs: number): void {
    const seconds = this.#refilledMs === -Infinity ? 0 : (nowMs - this.#refilledMs) / 1_000;
    this.#refilledMs = nowMs;
    if (this.#rate === null) return;
    this.#tokens = Math.min(this.#capacity(), this.#tokens + seconds * this.#rate);
    this.#backgroundTokens = Math.min(
      this.#backgroundCapacity(),
      this.#backgroundTokens + seconds * this.#rate * this.#backgroundShare,
    );
    const goal = Math.min(this.#own, this.#refusedAt);
    this.#rate = Math.min(goal, this.#rate + (seconds * goal * (1 - DECREASE)) / RECOVERY_SECONDS);
    if (this.#rate < goal || this.#own !== Infinity) return;
    this.#rate = null;
    this.#refusedAt = Infinity;
  }

  #capacity(): number {
    return this.#rate === null ? Infinity : Math.max(1, this.#rate * BURST_SECONDS);
  }

  #backgroundCapacity(): number {
    return this.#rate === null ? Infinity : Math.max(1, this.#rate * BURST_SECONDS * this.#backgroundShare);
  }
}

/** The pace of about the last second. */
class AskedLately {
  #secondStartMs = -Infinity;
  #current = 0;
  #previous = 0;

  add(cost: number, nowMs: number): void {
    this.#roll(nowMs);
    this.#current += cost;
  }

  perSecond(nowMs: number): number {
    this.#roll(nowMs);
    return Math.max(1, this.#current, this.#previous);
  }

  #roll(nowMs: number): void {
    const elapsedMs = nowMs - this.#secondStartMs;
    if (elapsedMs < 1_000) return;
    this.#previous = elapsedMs < 2_000 ? this.#current : 0;
    this.#current = 0;
    this.#secondStartMs = nowMs;
  }
}
