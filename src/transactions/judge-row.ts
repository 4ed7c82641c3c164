import { mayGiveBack } from './give-back.js';
import { giveIndexBack, type ChainNumbers, type IndexCounter } from './index-counter.js';
import type { ManagedTransaction } from './managed-transaction.js';

/**
 * dropped: of what was given back, nobody could use it any more, or somebody has it. given-back: a request that rests without
 * effect had it and never gave it back. raised: the chain is ahead of what was to be taken next.
 */
export type RowRepair = 'dropped' | 'given-back' | 'raised';

/** What a row should be, and why. */
export interface RowJudgement {
  readonly row: IndexCounter;
  /** Numbers by repair; for `raised` the one that is next now. */
  readonly repairs: Readonly<Record<RowRepair, readonly bigint[]>>;
  /** The requests whose numbers are given back. */
  readonly givers: readonly ManagedTransaction[];
}

/**
 * Compares a row with the chain and with the requests that took from it. `row` was read before the requests: as long as it is
 * still the same, nobody has taken or given back anything since, so that nobody else can have a number that none of them has.
 */
export function judgeRow(
  row: IndexCounter,
  chain: ChainNumbers,
  resting: readonly ManagedTransaction[],
  held: ReadonlySet<bigint>,
): RowJudgement {
  const next = row.next > chain.next ? row.next : chain.next;
  const isUsable = (index: bigint) => index >= chain.floor && index < row.next && !held.has(index);
  const kept = [...new Set(row.free)].filter(isUsable).sort((a, b) => (a < b ? -1 : 1));
  let repaired: IndexCounter = { id: row.id, next, free: kept };
  const givers: ManagedTransaction[] = [];
  for (const request of resting) {
    const index = request.allocation?.index;
    if (index === undefined || !mayGiveBack(request, row.id) || !isUsable(index)) continue;
    const given = giveIndexBack(repaired, index);
    if (given === repaired) continue;
    repaired = given;
    givers.push(request);
  }
  const dropped = row.free.filter((index, at) => !isUsable(index) || row.free.indexOf(index) !== at);
  return {
    row: repaired,
    repairs: {
      dropped,
      'given-back': repaired.free.filter((index) => !kept.includes(index)),
      raised: next > row.next ? [next] : [],
    },
    givers,
  };
}

/** Whether two readings of a row say the same. */
export function isSameRow(one: IndexCounter, other: IndexCounter): boolean {
  return (
    one.next === other.next &&
    one.free.length === other.free.length &&
    one.free.every((index, at) => index === other.free[at])
  );
}
