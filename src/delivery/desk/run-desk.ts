import type { LeaseWork } from '../../leases/lease-work.js';
import { DeliveryDesk, type DeliveryDeskDeps } from './delivery-desk.js';
import { RecordDesk, type RecordDeskDeps } from './record-desk.js';

/** The lease of a desk. */
export function deskLease(desk: number): string {
  return `delivery:${desk}`;
}

/** A desk at work: its records are distributed and its deliveries made. */
export interface RunningDesk {
  /** Looks at once. */
  wake(): void;
  /** Rejects with StaleFenceError when somebody else has the lease. */
  readonly ended: Promise<void>;
}

/** Works at a desk until the lease is lost or given up. */
export function runDesk(
  deps: DeliveryDeskDeps & RecordDeskDeps,
  desk: number,
  work: LeaseWork,
  lost: AbortSignal,
): RunningDesk {
  const ended = new AbortController();
  const until = AbortSignal.any([lost, ended.signal]);
  const desks = [new RecordDesk(deps, desk, work, until), new DeliveryDesk(deps, desk, work, until)];
  // Where one finds the lease gone, the other one need not look.
  const running = desks.map((one) => one.run().finally(() => ended.abort()));
  return {
    wake: () => desks.forEach((one) => one.wake()),
    ended: Promise.allSettled(running).then((results) => {
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    }),
  };
}
