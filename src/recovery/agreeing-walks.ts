import { RpcError } from '../chain/rpc-error.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { messageOf } from '../lib/errors.js';
import type { StoredWalks } from '../ledger/frontier.js';
import { judgeWalks, nextWalker } from './judge-walks.js';
import type { Span } from './span-listing.js';
import { NOTHING_TAKEN, sumOfCounts, type TakeCounts } from './take-walk.js';
import { walkSpan, type SpanStop, type SpanWalk, type WalkDependencies, type WalkEndpoint } from './walk-span.js';

/**
 * How far behind the others' finalized head an endpoint may be and still be asked, about a minute: a node calls itself
 * unhealthy at 128 slots (agave, --health-check-slot-distance).
 */
const MOST_SLOTS_BEHIND = 150;
/** Opinions asked for: each further endpoint costs a request a sweep, and would add little to two. */
const OPINIONS = 2;

/** Endpoints to walk on, and the finalized slot that all of them have reached. */
export interface Walkers {
  readonly endpoints: readonly WalkEndpoint[];
  readonly finalizedSlot: number;
}

export type WalkersOutcome =
  | ({ readonly kind: 'ready' } & Walkers)
  | { readonly kind: 'stopped'; readonly reason: RpcError['reason'] | 'node-behind'; readonly detail: string };

/**
 * Up to two endpoints that answer and have reached `atLeastSlot`, in order of preference. Asked before the walks: what
 * lands while they run is above the slot returned and left to later ones. One request an endpoint.
 */
export async function chooseWalkers(endpoints: readonly WalkEndpoint[], atLeastSlot: number): Promise<WalkersOutcome> {
  const ready: { readonly endpoint: WalkEndpoint; readonly slot: number }[] = [];
  let stopped: WalkersOutcome | null = null;
  for (const endpoint of endpoints) {
    if (ready.length === OPINIONS) break;
    try {
      const slot = await endpoint.chain.slot('finalized');
      if (slot >= atLeastSlot) ready.push({ endpoint, slot });
      else {
        const detail = `${endpoint.name} has finalized slot ${slot} only, before ${atLeastSlot}`;
        stopped ??= { kind: 'stopped', reason: 'node-behind', detail };
      }
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      stopped ??= { kind: 'stopped', reason: error.reason, detail: messageOf(error) };
    }
  }
  const head = Math.max(...ready.map(({ slot }) => slot));
  const near = ready.filter(({ slot }) => slot >= head - MOST_SLOTS_BEHIND);
  if (near.length > 0) {
    const finalizedSlot = Math.min(...near.map(({ slot }) => slot));
    return { kind: 'ready', endpoints: near.map(({ endpoint }) => endpoint), finalizedSlot };
  }
  return stopped ?? { kind: 'stopped', reason: 'unreachable', detail: 'there is no endpoint to walk on' };
}

/** Walks through one span until two agree. */
export interface AgreeingWalks {
  readonly span: Span;
  /** In order of preference. */
  readonly endpoints: readonly WalkEndpoint[];
  /** What an earlier process did of it. */
  readonly stored: StoredWalks | null;
  readonly source: SpanWalk['source'];
  /** Where a walk may begin instead of at the head, where the endpoint knows that transaction. */
  readonly startBelow?: SpanWalk['startBelow'];
  /** Keeps what `stored` is to be next time. What it speaks of is durable by then. */
  readonly store: (walks: StoredWalks) => Promise<void>;
  /** After each page of the walk with this number, from 0. */
  readonly onTaken?: (counts: TakeCounts, walk: number, atSlot: number) => void;
}

export type AgreeingOutcome =
  /** `listed`: transactions that the agreeing walks list, failed ones included. */
  | { readonly kind: 'agreed'; readonly counts: TakeCounts; readonly listed: number }
  | { readonly kind: 'stopped'; readonly reason: SpanStop | 'walks-disagree'; readonly detail: string };

/**
 * Walks a span again and again, on two endpoints in turn where there are two, until two walks list the same and all they
 * list is taken in (I4). An endpoint that fails midway is left out, and the other gives the second opinion as well. A walk
 * that takes more than a page can be resumed, on the endpoint where it began; where that does not know its cursor any
 * more, it begins anew.
 */
export async function walkUntilAgreed(
  dependencies: WalkDependencies,
  module: DomainModule,
  { span, endpoints, stored, source, startBelow, store, onTaken }: AgreeingWalks,
): Promise<AgreeingOutcome> {
  let { finished, current } = stored ?? { finished: [], current: null };
  let usable = endpoints;
  let below = startBelow;
  let counts = NOTHING_TAKEN;
  for (;;) {
    const verdict = judgeWalks(finished);
    if (verdict === 'agreed') return { kind: 'agreed', counts, listed: finished.at(-1)?.listing.count ?? 0 };
    if (verdict === 'disagreed') {
      const detail = `${finished.length} walks over slots ${span.fromSlot} to ${span.toSlot} listed different transactions`;
      return { kind: 'stopped', reason: 'walks-disagree', detail };
    }
    const names = usable.map(({ name }) => name);
    const name = current && names.includes(current.endpoint) ? current.endpoint : nextWalker(names, finished);
    const endpoint = usable.find((one) => one.name === name);
    if (!endpoint) return { kind: 'stopped', reason: 'unreachable', detail: 'there is no endpoint to walk on' };
    const startAt = current?.endpoint === name ? current : null;
    // Said once: what was resumed here and fails at its cursor is not resumed again.
    current = null;
    const done = finished;
    let pages = 0;
    const outcome = await walkSpan(dependencies, module, endpoint, {
      ...{ span, startAt, source, startBelow: below },
      onDurable: async (position, more, atSlot) => {
        pages += 1;
        counts = sumOfCounts(counts, more);
        onTaken?.(more, done.length, atSlot);
        if (position) await store({ ...span, finished: done, current: { endpoint: endpoint.name, ...position } });
      },
    });
    if (outcome.kind === 'walked') {
      finished = [...finished, { endpoint: endpoint.name, listing: outcome.listing }];
      if (pages > 1 || startAt || stored) await store({ ...span, finished, current: null });
      continue;
    }
    if (outcome.reason === 'fetch-failed' || outcome.reason === 'told-to') return outcome;
    if ((startAt ?? below) && pages === 0 && (outcome.reason === 'inconsistent' || outcome.reason === 'not-here')) {
      dependencies.log.info(
        { endpoint: endpoint.name },
        'where a walk was to go on is not known any more; it begins anew',
      );
      if (!startAt) below = undefined;
      continue;
    }
    usable = usable.filter((one) => one !== endpoint);
    if (usable.length === 0) return outcome;
    const { reason, detail } = outcome;
    dependencies.log.warn({ endpoint: endpoint.name, reason, detail }, 'a walk failed; the other endpoint is asked');
  }
}
