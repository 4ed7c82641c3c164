import type { Commitment } from '../lib/commitment.js';
import type { ReportedCommitment } from './chain-port.js';

/**
 * This far behind what another endpoint has shown, in slots, an endpoint is asked only after the others: about 20 s,
 * more than the difference between healthy nodes and less than the 150 slots after which a node calls itself unhealthy.
 */
export const MAX_ENDPOINT_LAG = 50;
/**
 * Ahead of every other endpoint by more than this (11 hours of slots), a claim is no measure for the others: it is more
 * likely nonsense or another cluster than all of them being stuck (I5).
 */
const IMPLAUSIBLE_LEAD_SLOTS = 100_000;
/** From the least settled: what is known at one level is known at those before it. */
const LEVELS: readonly ReportedCommitment[] = ['processed', 'confirmed', 'finalized'];
const COMMITMENTS: readonly Commitment[] = ['confirmed', 'finalized'];

/** What one endpoint has shown so far. */
interface Shown {
  /** The highest slot ever. */
  readonly highest: Map<ReportedCommitment, number>;
  /** Of the last answer; what speaks of processed slots is kept with confirmed ones. Monotonic milliseconds. */
  readonly last: Map<Commitment, { readonly lagSlots: number; readonly atMs: number }>;
}

/**
 * Which endpoints are behind. An answer is measured by what others had shown *before its question was sent*, so that
 * neither a slow answer nor an endpoint that was not asked for long is taken for a lagging node.
 */
export class EndpointLag {
  readonly #shown: readonly Shown[];

  constructor(endpoints: number) {
    this.#shown = Array.from({ length: endpoints }, () => ({ highest: new Map(), last: new Map() }));
  }

  /** The highest slot anybody has shown at `commitment` or a more settled one; null while nobody has. */
  best(commitment: ReportedCommitment): number | null {
    const heads = this.#shown.map((_, endpoint) => this.#highest(endpoint, commitment));
    const [first = -1, second = -1] = heads.sort((a, b) => b - a);
    if (first === -1) return null;
    return second !== -1 && first - second > IMPLAUSIBLE_LEAD_SLOTS ? second : first;
  }

  /**
   * Remembers what an answer showed and returns how far behind that is, in slots. `bestWhenAsked` = what `best` said
   * when its question was sent.
   */
  observe(
    endpoint: number,
    commitment: ReportedCommitment,
    slot: number,
    bestWhenAsked: number | null,
    nowMs: number,
  ): number {
    const lagSlots = Math.max(0, (bestWhenAsked ?? slot) - slot);
    const { highest, last } = this.#of(endpoint);
    highest.set(commitment, Math.max(slot, highest.get(commitment) ?? slot));
    last.set(commitment === 'finalized' ? 'finalized' : 'confirmed', { lagSlots, atMs: nowMs });
    return lagSlots;
  }

  /** Slots behind at the commitment where it is worst; 0 for an endpoint that nothing is known of. */
  lagSlots(endpoint: number): number {
    return Math.max(this.#lagAt(endpoint, 'confirmed'), this.#lagAt(endpoint, 'finalized'));
  }

  isLagging(endpoint: number): boolean {
    return this.lagSlots(endpoint) > MAX_ENDPOINT_LAG;
  }

  /** What it last showed is behind by now: it lags, or has not been asked for long. */
  mayLag(endpoint: number, commitment: Commitment): boolean {
    return (this.best(commitment) ?? 0) - this.#highest(endpoint, commitment) > MAX_ENDPOINT_LAG;
  }

  /**
   * The commitment to ask this endpoint's head at now, null when what is known of it is younger than `everyMs`: a
   * lagging one where it lags, to see it catch up; others in turn, so that each is a measure for the others.
   */
  headToAsk(endpoint: number, everyMs: number, nowMs: number): Commitment | null {
    const { last } = this.#of(endpoint);
    const askedMs = (commitment: Commitment) => last.get(commitment)?.atMs ?? -Infinity;
    const isDue = (commitment: Commitment) => nowMs - askedMs(commitment) >= everyMs;
    const behind = COMMITMENTS.filter((commitment) => this.#lagAt(endpoint, commitment) > MAX_ENDPOINT_LAG);
    if (behind.length > 0) return behind.find(isDue) ?? null;
    if (!COMMITMENTS.every(isDue)) return null;
    return askedMs('confirmed') <= askedMs('finalized') ? 'confirmed' : 'finalized';
  }

  /** -1 where it has shown none. */
  #highest(endpoint: number, commitment: ReportedCommitment): number {
    const { highest } = this.#of(endpoint);
    return Math.max(...LEVELS.slice(LEVELS.indexOf(commitment)).map((level) => highest.get(level) ?? -1));
  }

  #lagAt(endpoint: number, commitment: Commitment): number {
    return this.#of(endpoint).last.get(commitment)?.lagSlots ?? 0;
  }

  #of(endpoint: number): Shown {
    const shown = this.#shown[endpoint];
    if (shown === undefined) throw new RangeError(`there is no endpoint ${endpoint}`);
    return shown;
  }
}
