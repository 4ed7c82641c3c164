import type { HeldLease } from './lease.js';

/** A held lease as the work under it uses it. */
export interface LeaseWork {
  readonly lease: HeldLease;
  /**
   * Runs `work` while nothing else runs under this lease. What reads the ledger, decides and commits must do all three
   * inside: between processes the fence keeps order, within this one only this does.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
}

/** The lease with the queue that keeps its holder's steps apart. */
export function leaseWork(lease: HeldLease): LeaseWork {
  let last: Promise<unknown> = Promise.resolve();
  return {
    lease,
    exclusive: (work) => {
      const turn = last.then(work, work);
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
