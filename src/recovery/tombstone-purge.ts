import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { touchLease } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { readFrontier } from '../ledger/frontier.js';
import { firstOrderKeyOfSlot } from '../ledger/order-key.js';

/** How far the frontier must be past a tombstone, in slots: about 20 minutes, longer than any fork lives. */
const GRACE_SLOTS = 3_000;

/**
 * Removes the documents of accounts that were closed long ago. A tombstone lets a late record see at once that it is
 * late. Behind the frontier none comes any more but a dead one's retry, and a document that is absent is folded from its
 * whole history anyway. Documents with fields of somebody else are never removed.
 */
export async function purgeTombstones(db: mongo.Db, work: LeaseWork, module: DomainModule): Promise<number> {
  const frontier = await readFrontier(db, module.name);
  if (frontier === null) return 0;
  return work.exclusive(async () => {
    const before = frontier.slot - GRACE_SLOTS;
    if (before <= 0) return 0;
    return inLeaseTransaction(db, work.lease, async (session) => {
      let removed = 0;
      for (const model of module.models) {
        if (model.kind !== 'state') continue;
        const tombstones = {
          '_mooring.closed': true,
          '_mooring.at': { $lt: firstOrderKeyOfSlot(before) },
          // A tombstone that is only ours: its key and our mark.
          $expr: { $lte: [{ $size: { $objectToArray: '$$ROOT' } }, model.keyField === '_id' ? 2 : 3] },
        } as mongo.Filter<mongo.Document>;
        removed += (await db.collection(model.collection).deleteMany(tombstones, { session })).deletedCount;
      }
      await touchLease(db, work.lease, session);
      return removed;
    });
  });
}
