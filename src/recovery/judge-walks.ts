import { isSameListing, type Listing } from './listing-digest.js';

/** A walk that reached the beginning of its span, and whose every transaction is in the ledger, eventless or parked. */
export interface FinishedWalk {
  readonly endpoint: string;
  readonly listing: Listing;
}

export type WalksVerdict = 'agreed' | 'walk-again' | 'disagreed';

/**
 * History that is incomplete for a while becomes complete within seconds to minutes; a sweep that ends here is followed
 * by the next one, so this only bounds the requests of one.
 */
export const MOST_WALKS = 6;

/**
 * May the frontier move over the span that these walks were made of, in this order? One walk is one node's opinion, and
 * history is transiently incomplete (solana#21843): the last has to list what another one listed (I4). What only one of
 * them lists is in the ledger as well, so an endpoint with a hole in its history holds up nothing for good.
 */
export function judgeWalks(finished: readonly FinishedWalk[]): WalksVerdict {
  const last = finished.at(-1);
  if (last && finished.slice(0, -1).some(({ listing }) => isSameListing(listing, last.listing))) return 'agreed';
  return finished.length < MOST_WALKS ? 'walk-again' : 'disagreed';
}

/** Who makes the next walk: the first of those that made the fewest, so that the second opinion is another's if it can be. */
export function nextWalker(endpoints: readonly string[], finished: readonly FinishedWalk[]): string | undefined {
  const walksOf = (name: string) => finished.filter(({ endpoint }) => endpoint === name).length;
  const fewest = Math.min(...endpoints.map(walksOf));
  return endpoints.find((name) => walksOf(name) === fewest);
}
