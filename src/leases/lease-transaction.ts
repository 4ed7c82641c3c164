import type { mongo } from 'mongoose';
import { inSessionTransaction } from '../store/transactions.js';
import { isHeld, StaleFenceError, touchLease, type HeldLease } from './lease.js';
import type { LeaseWork } from './lease-work.js';

/**
 * Runs `body` in a transaction of the lease's own session, one at a time; `body` ends with `touchLease`. What fails is
 * asked about the lease before anything is tried again: a holder that froze finds its transaction ended by its
 * successor, in whatever words its server has for that, and must stop instead of writing the batch once more (I8).
 * @throws StaleFenceError
 */
export function inLeaseTransaction<T>(
  db: mongo.Db,
  lease: HeldLease,
  body: (session: mongo.ClientSession) => Promise<T>,
): Promise<T> {
  return inSessionTransaction(lease.session, async (session) => {
    try {
      return await body(session);
    } catch (error) {
      // Asked outside of the transaction, which sees the past. No answer changes nothing.
      if (error instanceof StaleFenceError || (await isHeld(db, lease).catch(() => true))) throw error;
      throw new StaleFenceError(lease, { cause: error });
    }
  });
}

/**
 * Runs `body` in a transaction that changes nothing when the lease is somebody else's by then (I8), while nothing else runs
 * under the lease.
 * @throws StaleFenceError
 */
export function commitUnderLease<T>(
  db: mongo.Db,
  work: LeaseWork,
  body: (session: mongo.ClientSession) => Promise<T>,
): Promise<T> {
  return work.exclusive(() =>
    inLeaseTransaction(db, work.lease, async (session) => {
      const result = await body(session);
      await touchLease(db, work.lease, session);
      return result;
    }),
  );
}
