import { release, tryAcquire, type HeldLease, type LeaseObservation } from './lease.js';
import { renewUntil, type RenewalOptions } from './lease-renewal.js';

interface HoldOptions extends RenewalOptions {
  readonly holder: string;
  /** Gives up waiting, and tells the work to end. */
  readonly signal?: AbortSignal;
  /** Once, where it has to be seen first whether `holder` lives: that takes a term at most. */
  readonly onWait?: (holder: string) => void;
}

/** busy: `holder` has it and lives. told-to: the signal came first. */
export type HoldOutcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'busy'; readonly holder: string }
  | { readonly kind: 'told-to' };

/**
 * Runs `work` under a lease that is not waited for: where its holder shows that it lives, this ends at once. A holder that
 * stands still for a whole term is dead, and the lease is taken. `lost` is aborted when the lease is somebody else's.
 * @throws what `work` throws.
 */
export async function holdOnce<T>(
  options: HoldOptions,
  name: string,
  work: (lease: HeldLease, lost: AbortSignal) => Promise<T>,
): Promise<HoldOutcome<T>> {
  const { db, clock, holder, termMs, signal } = options;
  let seen: LeaseObservation | null = null;
  for (;;) {
    const outcome = await tryAcquire(db, clock, name, holder, termMs, seen);
    if (outcome.held) return { kind: 'done', value: await hold(outcome.held) };
    const { observed } = outcome;
    const moved = seen !== null && (seen.fence !== observed.fence || seen.beat !== observed.beat);
    if (moved && observed.holder !== '') return { kind: 'busy', holder: observed.holder };
    if (signal?.aborted) return { kind: 'told-to' };
    if (seen === null && observed.holder !== '') options.onWait?.(observed.holder);
    seen = observed;
    await clock.sleep(termMs / 10, signal);
  }

  async function hold(lease: HeldLease): Promise<T> {
    const [lost, ended] = [new AbortController(), new AbortController()];
    const renewing = renewUntil(options, lease, AbortSignal.any([lost.signal, ended.signal]), () => lost.abort());
    try {
      return await work(lease, lost.signal);
    } finally {
      ended.abort();
      await renewing;
      await release(db, lease).catch(() => undefined);
    }
  }
}
