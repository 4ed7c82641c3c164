import type { JobRun } from './job-run.js';

/** What is seen of a run that is being worked on: whoever does renews its claim, and `dueAt` is another one then. */
export type SeenClaim = Pick<JobRun, '_id' | 'claim' | 'dueAt' | 'claimMs'>;

interface Observation {
  readonly claim: string | null;
  readonly dueAtMs: number;
  readonly sinceMonotonicMs: number;
}

/**
 * Tells runs whose process is gone from those whose process lives. Not by comparing `dueAt` with a clock: that of another
 * machine may be ahead or behind. As with leases, a claim has run out once it was watched unmoved for its length.
 */
export class ClaimWatch {
  #seen = new Map<string, Observation>();

  /** `usualMs`: the length of a claim that says none, as of a process of another version. */
  constructor(private readonly usualMs: number) {}

  /** Those of `found` that were seen unmoved for their length; the rest is watched on, and what is not found is forgotten. */
  runOut<Claim extends SeenClaim>(found: readonly Claim[], nowMonotonicMs: number): Claim[] {
    const before = this.#seen;
    this.#seen = new Map(found.map((one) => [one._id, observed(one, before.get(one._id), nowMonotonicMs)]));
    return found.filter(({ _id, claimMs }) => {
      const { sinceMonotonicMs } = this.#seen.get(_id) as Observation;
      return nowMonotonicMs - sinceMonotonicMs >= (claimMs ?? this.usualMs);
    });
  }
}

function observed({ claim, dueAt }: SeenClaim, before: Observation | undefined, nowMonotonicMs: number): Observation {
  const isUnmoved = before?.claim === claim && before.dueAtMs === dueAt.getTime();
  return isUnmoved ? before : { claim, dueAtMs: dueAt.getTime(), sinceMonotonicMs: nowMonotonicMs };
}
