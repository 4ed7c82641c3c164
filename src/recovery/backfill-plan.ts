import type { Frontier } from '../ledger/frontier.js';
import type { Span } from './span-listing.js';

/** Where a backfill is to begin: a slot, the slot of a transaction, slot 0 and nothing else, or as far back as it goes. */
export type BackfillStart =
  | { readonly kind: 'slot'; readonly slot: number }
  | { readonly kind: 'signature'; readonly signature: string; readonly slot: number }
  | { readonly kind: 'genesis' }
  | { readonly kind: 'oldest' };

/** What decides over a backfill's span. */
export interface BackfillQuestion {
  readonly start: BackfillStart;
  /** The last slot to look at, where somebody said so. */
  readonly untilSlot: number | null;
  readonly frontier: Frontier | null;
  /** Finalized, of the endpoint. */
  readonly finalizedSlot: number;
  /** The oldest block the endpoint has. */
  readonly firstAvailable: number;
}

export type BackfillPlan =
  | { readonly kind: 'walk'; readonly span: Span }
  /** Everything down to there is known to be complete. */
  | { readonly kind: 'nothing-to-do'; readonly since: number }
  /** The command asks for something that cannot be. */
  | { readonly kind: 'refused'; readonly why: string };

/**
 * The slots to look at. Without an end it is the slot where complete history begins so far, that slot included: a whole
 * slot of overlap leaves no hole. Where nothing is complete yet it is the finalized head.
 */
export function planBackfill({
  start,
  untilSlot,
  frontier,
  finalizedSlot,
  firstAvailable,
}: BackfillQuestion): BackfillPlan {
  if (untilSlot !== null && untilSlot > finalizedSlot) {
    return {
      kind: 'refused',
      why: `slot ${untilSlot} is not finalized yet: the endpoint is at slot ${finalizedSlot}. A running worker brings what is newer.`,
    };
  }
  const toSlot = untilSlot ?? Math.min(frontier?.since ?? finalizedSlot, finalizedSlot);
  const fromSlot = beginningOf(start, firstAvailable);
  const explicit = start.kind === 'slot' || start.kind === 'signature';
  if (untilSlot === null && frontier && fromSlot >= frontier.since)
    return { kind: 'nothing-to-do', since: frontier.since };
  if (fromSlot > toSlot) {
    const what = explicit ? 'the start' : 'the oldest slot that the endpoint has';
    return {
      kind: 'refused',
      why: `${what}, slot ${fromSlot}, lies above slot ${toSlot}, where the backfill is to end`,
    };
  }
  return { kind: 'walk', span: { fromSlot, toSlot } };
}

function beginningOf(start: BackfillStart, firstAvailable: number): number {
  switch (start.kind) {
    case 'slot':
    case 'signature':
      return start.slot;
    case 'genesis':
      return 0;
    case 'oldest':
      return firstAvailable;
  }
}
