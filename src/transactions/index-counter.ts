/** A row of numbers of which each request takes one of its own: ids of a merchant's promotions, of a creator's packets. */
export interface IndexCounter {
  readonly id: string;
  /** The lowest number that was never taken. */
  readonly next: bigint;
  /** Numbers below it that were given back, ascending. */
  readonly free: readonly bigint[];
}

/** So many numbers that were given back are remembered; a row is long enough to leave others out. */
const MOST_FREE = 1_000;

/** A row nobody took anything of. */
export function newCounter(id: string): IndexCounter {
  return { id, next: 0n, free: [] };
}

/** What the chain says of a row of numbers. */
export interface ChainNumbers {
  /** Below it none can be taken any more, given back or not. */
  readonly floor: bigint;
  /** From here on they are free as far as the chain can tell. */
  readonly next: bigint;
}

/**
 * Takes a number: one that was given back, else the highest of what the chain, this process and the database have as the
 * next one. Each of the three may lag behind the others: a node, a process that just started, a database that was restored.
 */
export function takeIndex(
  counter: IndexCounter,
  chain: ChainNumbers,
  cachedNext: bigint,
): { readonly index: bigint; readonly counter: IndexCounter } {
  const [first, ...others] = counter.free.filter((index) => index >= chain.floor);
  if (first !== undefined) return { index: first, counter: { ...counter, free: others } };
  const index = [counter.next, chain.next, cachedNext].reduce((highest, next) => (next > highest ? next : highest));
  return { index, counter: { ...counter, next: index + 1n, free: [] } };
}

/** Gives a number back, of a request that provably had no effect and never will have (TRAPS 22). */
export function giveIndexBack(counter: IndexCounter, index: bigint): IndexCounter {
  if (index >= counter.next || counter.free.includes(index) || counter.free.length >= MOST_FREE) return counter;
  return { ...counter, free: [...counter.free, index].sort((a, b) => (a < b ? -1 : 1)) };
}
