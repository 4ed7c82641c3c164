import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import type { Dispatcher } from '../dispatchers/dispatcher.js';
import {
  healthAfter,
  isGivenUp,
  requestsAllowed,
  WELL,
  type EndpointHealth,
  type HealthSign,
} from '../webhooks/endpoint-health.js';
import { judgeOutcome } from '../webhooks/judge-outcome.js';
import type { WebhookOutcome, WebhookVerdict } from '../webhooks/webhook-outcome.js';
import { healthNow, readHealth, type StoredHealth } from './endpoint-health-store.js';
import { readEndpointRevisions } from './turn-reads.js';
import { fullBucket, msUntilToken, refilled, type TokenBucket } from './token-bucket.js';
import type { DeliveryVerdict, DisabledDispatcher } from './turn-writes.js';
import { limitsOf } from './webhook-limits.js';

interface LaneDeps {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timing: { readonly mostInFlight: number; readonly pollMs: number };
}

interface Lane {
  dispatcher: Dispatcher;
  /** Of the endpoint that `health` is about. */
  endpointRevision: number;
  inFlight: number;
  /** Null: it has no rate. */
  bucket: TokenBucket | null;
  health: EndpointHealth;
  /** As it stands in the database. */
  savedHealth: EndpointHealth;
}

/** What a try means for its delivery and for its dispatcher. */
interface TryJudgement {
  readonly verdict: DeliveryVerdict;
  readonly disables: DisabledDispatcher['reason'] | null;
}

/** Remembered beyond those that have something to do: each costs a question when it comes back. */
const REMEMBERED = 2_000;

/** What the dispatchers of one desk can bear, as it is now: requests under way, rates, and how their endpoints are. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  #active = 0;
  #renewAtMs = 0;

  constructor(private readonly deps: LaneDeps) {}

  /** Takes dispatchers that have something to do as they are now. */
  async open(dispatchers: readonly Dispatcher[]): Promise<void> {
    const { db, clock } = this.deps;
    const opened = new Set(dispatchers.map(({ _id }) => _id));
    // Before anything is asked: one that is forgotten must be read, or its pause would be forgotten with it.
    if (this.#lanes.size > REMEMBERED) this.#forgetIdle(opened);
    const isNew = ({ _id }: Dispatcher) => !this.#lanes.has(_id);
    const stored = await readHealth(
      db,
      dispatchers.filter(isNew).map(({ _id }) => _id),
    );
    for (const dispatcher of dispatchers) {
      const known = this.#lanes.get(dispatcher._id);
      const { ratePerSecond } = limitsOf(dispatcher.dispatchable);
      const bucket = ratePerSecond === null ? null : (known?.bucket ?? fullBucket(ratePerSecond, clock.monotonic()));
      const { endpointRevision } = dispatcher;
      const health = healthNow(stored.get(dispatcher._id), endpointRevision);
      const lane: Lane = {
        ...(known ?? { inFlight: 0, health, savedHealth: health, endpointRevision }),
        ...{ dispatcher, bucket },
      };
      beginAnew(lane, endpointRevision);
      this.#lanes.set(dispatcher._id, lane);
    }
    this.#active = [...this.#lanes].filter(([id, { inFlight }]) => inFlight > 0 || opened.has(id)).length;
  }

  /**
   * Looks whether any that rest were mended meanwhile. Where much is due nobody else does, for what rests is passed over. Once
   * in a while only: it asks about each of them.
   */
  async renew(): Promise<void> {
    const { db, clock, timing } = this.deps;
    if (clock.monotonic() < this.#renewAtMs) return;
    this.#renewAtMs = clock.monotonic() + timing.pollMs;
    const nowMs = clock.now();
    const resting = [...this.#lanes].filter(([, { health }]) => requestsAllowed(health, nowMs) === 0);
    const revisions = await readEndpointRevisions(
      db,
      resting.map(([id]) => id),
    );
    for (const [id, lane] of resting) beginAnew(lane, revisions.get(id) ?? lane.endpointRevision);
  }

  inFlight(id: string): number {
    return this.#lanes.get(id)?.inFlight ?? 0;
  }

  /** How many requests to it may begin now: each that has something to do gets its share of what a desk does at once. */
  room(id: string): number {
    const lane = this.#lanes.get(id);
    if (!lane) return 0;
    const { concurrency } = limitsOf(lane.dispatcher.dispatchable);
    const share = Math.max(1, Math.floor(this.deps.timing.mostInFlight / Math.max(1, this.#active)));
    const allowed = Math.min(concurrency, share, requestsAllowed(lane.health, this.deps.clock.now()));
    return Math.max(0, Math.min(allowed - lane.inFlight, Math.floor(this.#refilled(lane)?.tokens ?? Infinity)));
  }

  /** Whether nothing can begin: unknown ones can. */
  isFull(id: string): boolean {
    return this.#lanes.has(id) && this.room(id) === 0;
  }

  /** How long until one of these that waits for time alone has room, in milliseconds; Infinity: none does. */
  untilRoomMs(ids: Iterable<string>): number {
    let soonest = Infinity;
    const nowMs = this.deps.clock.now();
    for (const id of ids) {
      const lane = this.#lanes.get(id);
      if (!lane) continue;
      const bucket = this.#refilled(lane);
      const { ratePerSecond } = limitsOf(lane.dispatcher.dispatchable);
      const untilToken = bucket && ratePerSecond !== null ? msUntilToken(bucket, ratePerSecond) : 0;
      const untilWell = (lane.health.pausedUntil ?? 0) - nowMs;
      const ms = Math.max(untilToken, untilWell);
      if (ms > 0) soonest = Math.min(soonest, ms);
    }
    return soonest;
  }

  begin({ _id }: Dispatcher): void {
    const lane = this.#lanes.get(_id);
    if (!lane) throw new Error('a try begins in a lane that is open');
    lane.inFlight += 1;
    const bucket = this.#refilled(lane);
    if (bucket) lane.bucket = { ...bucket, tokens: bucket.tokens - 1 };
  }

  /** What follows from a try of the dispatcher as it was then, the `number`-th of its schedule. */
  end({ _id, endpointRevision }: Dispatcher, outcome: WebhookOutcome, number: number): TryJudgement {
    const lane = this.#lanes.get(_id);
    if (!lane) throw new Error('a try ends in the lane it began in');
    lane.inFlight -= 1;
    if (outcome.kind === 'stopped') return { verdict: outcome, disables: null };
    const nowMs = this.deps.clock.now();
    const verdict = judgeOutcome(outcome, number, this.deps.random);
    const isGone = verdict.kind === 'failed' && verdict.reason === 'gone';
    if (endpointRevision !== lane.endpointRevision) return { verdict, disables: isGone ? 'gone' : null };
    lane.health = healthAfter(lane.health, signOf(verdict, outcome), nowMs);
    const disables = isGone ? 'gone' : isGivenUp(lane.health, nowMs) ? 'failing' : null;
    // Enabled again it begins anew: what it was before is what somebody has mended.
    if (disables !== null) lane.health = WELL;
    return { verdict, disables };
  }

  /** What has to be written down of how endpoints are. */
  unsaved(): StoredHealth[] {
    return [...this.#lanes].flatMap(([_id, { health, savedHealth, endpointRevision }]) =>
      health === savedHealth ? [] : [{ _id, endpointRevision, ...health }],
    );
  }

  /** Takes over what was written. */
  saved(written: readonly StoredHealth[]): void {
    for (const { _id, endpointRevision: _, ...health } of written) {
      const lane = this.#lanes.get(_id);
      if (!lane) continue;
      const isSame = (Object.keys(health) as (keyof EndpointHealth)[]).every((key) => lane.health[key] === health[key]);
      lane.savedHealth = isSame ? lane.health : health;
    }
  }

  #refilled({ dispatcher, bucket }: Lane): TokenBucket | null {
    const { ratePerSecond } = limitsOf(dispatcher.dispatchable);
    return bucket && ratePerSecond !== null ? refilled(bucket, ratePerSecond, this.deps.clock.monotonic()) : null;
  }

  #forgetIdle(opened: ReadonlySet<string>): void {
    for (const [id, { inFlight, health, savedHealth, bucket }] of this.#lanes) {
      if (!opened.has(id) && inFlight === 0 && health === savedHealth && bucket === null) this.#lanes.delete(id);
    }
  }
}

/** What was known of another endpoint, or of one that was mended since, says nothing of this one. */
function beginAnew(lane: Lane, endpointRevision: number): void {
  if (lane.endpointRevision !== endpointRevision) Object.assign(lane, { health: WELL, endpointRevision });
}

function signOf(verdict: WebhookVerdict, outcome: WebhookOutcome): HealthSign {
  if (verdict.kind === 'delivered') return { kind: 'success' };
  if (verdict.kind !== 'again' || !verdict.slowDown) return { kind: 'failure' };
  return { kind: 'slow-down', afterMs: outcome.kind === 'answered' ? outcome.retryAfterMs : null };
}
