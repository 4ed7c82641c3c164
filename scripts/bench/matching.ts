import { Query } from 'mingo';
import { EventMatcher, type Matchable } from '../../src/delivery/matching/event-matcher.js';
import { median, rounded, secondsOf } from './figures.js';
import { benchEvent, benchWish } from './matching-filters.js';
import type { Progress } from './progress.js';

export interface MatchingOptions {
  readonly events: number;
  /** Each event is matched with every one of them. */
  readonly dispatchers: number;
  readonly rounds: number;
}

/** Events × dispatchers per second of each way to match, and how many times as fast as mingo and as a plain loop ours are. */
export interface MatchingReport {
  readonly pairs: number;
  readonly matching: number;
  readonly strict: number;
  readonly trigger: number;
  readonly mingo: number;
  readonly plain: number;
  readonly strictOverMingo: number;
  readonly triggerOverMingo: number;
  readonly strictOverPlain: number;
}

type Way = 'strict' | 'trigger' | 'mingo' | 'plain';

/** Matches the same events with the same wishes in each way in turn, round by round. */
export async function benchMatching(options: MatchingOptions, progress: Progress): Promise<MatchingReport> {
  const events = Array.from({ length: options.events }, (_, n) => benchEvent(n));
  const wishes = Array.from({ length: options.dispatchers }, (_, n) => benchWish(n));
  const queries = wishes.map(({ query }) => new Query(query));
  const filters = wishes.map(({ filter }) => filter);
  const ours = (mode: 'strict' | 'trigger') => (event: Matchable) => {
    const matcher = new EventMatcher(event);
    return countOf(filters, (filter) => matcher.matches(filter, mode));
  };
  const ways: Readonly<Record<Way, (event: Matchable) => number>> = {
    strict: ours('strict'),
    trigger: ours('trigger'),
    mingo: (event) => countOf(queries, (query) => query.test(event)),
    plain: (event) => countOf(wishes, ({ plain }) => plain(event)),
  };
  progress(`matching: ${events.length} events × ${wishes.length} dispatchers, ${options.rounds} rounds`);
  const { matching, seconds } = await race(ways, events, options.rounds);
  const pairs = events.length * wishes.length;
  const perSecond = (way: Way) => pairs / median(seconds[way]);
  const over = (way: Way, other: Way) => rounded(perSecond(way) / perSecond(other), 2);
  return {
    ...{ pairs, matching },
    ...{ strict: rounded(perSecond('strict')), trigger: rounded(perSecond('trigger')) },
    ...{ mingo: rounded(perSecond('mingo')), plain: rounded(perSecond('plain')) },
    ...{ strictOverMingo: over('strict', 'mingo'), triggerOverMingo: over('trigger', 'mingo') },
    strictOverPlain: over('strict', 'plain'),
  };
}

async function race(
  ways: Readonly<Record<Way, (event: Matchable) => number>>,
  events: readonly Matchable[],
  rounds: number,
) {
  const seconds: Record<Way, number[]> = { strict: [], trigger: [], mingo: [], plain: [] };
  let matching = 0;
  // Round 0 warms up and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const counts = new Set<number>();
    for (const way of Object.keys(seconds) as Way[]) {
      let count = 0;
      const took = await secondsOf(() => {
        for (const event of events) count += ways[way](event);
      });
      counts.add(count);
      matching = count;
      if (round > 0) seconds[way].push(took);
    }
    if (counts.size !== 1) throw new Error(`the ways matched different numbers: ${[...counts].join(', ')}`);
  }
  return { matching, seconds };
}

function countOf<T>(items: readonly T[], matches: (item: T) => boolean): number {
  let count = 0;
  for (const item of items) if (matches(item)) count++;
  return count;
}
