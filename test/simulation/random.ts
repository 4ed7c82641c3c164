import { seededRandom } from '../../src/dev/seeded-random.js';

/** Seeded randomness with the questions a simulation asks. */
export class Random {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededRandom(seed);
  }

  /** A stream of its own, so that one part's draws do not move another's. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 2 ** 31));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** low ≤ n < high. */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** 0 ≤ n < below, whole. */
  whole(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('nothing to pick from');
    return items[this.whole(items.length)] as T;
  }

  shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, at: this.next() }))
      .sort((one, other) => one.at - other.at)
      .map(({ item }) => item);
  }
}
