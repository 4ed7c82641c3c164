import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import { beatId, type LeaseObservation } from './lease.js';

interface Stored {
  readonly _id: string;
  readonly beat?: number;
  readonly fence?: number;
  readonly holder?: string;
}

/**
 * Watches many leases with one question, so that whoever wants one later need not begin to watch it only then: the term
 * of a dead holder then runs from its death, not from the moment somebody wants what it held.
 */
export class LeaseWatch {
  readonly #seen = new Map<string, LeaseObservation>();

  constructor(
    private readonly db: mongo.Db,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly names: readonly string[],
  ) {}

  /** Call it several times a term. Rejects when the database does not answer. */
  async look(): Promise<void> {
    const found = await this.db
      .collection<Stored>('leases')
      .find({ _id: { $in: this.names.flatMap((name) => [name, beatId(name)]) } })
      .toArray();
    const nowMs = this.clock.monotonic();
    const stored = new Map(found.map((document) => [document._id, document]));
    for (const name of this.names) {
      const lease = stored.get(name);
      if (!lease) continue;
      const [fence, holder] = [lease.fence ?? 0, lease.holder ?? ''];
      const beat = (lease.beat ?? 0) + (stored.get(beatId(name))?.beat ?? 0);
      const before = this.#seen.get(name);
      const isUnmoved = before?.fence === fence && before.beat === beat && before.holder === holder;
      if (!isUnmoved) this.#seen.set(name, { fence, beat, holder, sinceMonotonicMs: nowMs });
    }
  }

  /** What `tryAcquire` is given as the previous observation; null when nothing was seen. */
  seen(name: string): LeaseObservation | null {
    return this.#seen.get(name) ?? null;
  }
}
