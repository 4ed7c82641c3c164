import type { mongo } from 'mongoose';
import { inTransaction } from '../../store/transactions.js';
import { eventRecords } from '../records/record-store.js';
import { distributeRecords, type DistributeDeps } from './distribute-records.js';

/** What became of a wish to deliver an event. */
export type DeliverOutcome =
  /** A delivery exists for everybody it reaches; their desks make them. */
  | { readonly kind: 'delivered'; readonly deliveries: number }
  | { readonly kind: 'delivered-before' }
  /** It is scheduled: it leaves then, by itself. */
  | { readonly kind: 'not-due'; readonly deliverAt: Date }
  | { readonly kind: 'unknown' };

interface DeliverDeps extends Pick<DistributeDeps, 'db' | 'clock' | 'reach'> {
  readonly client: mongo.MongoClient;
  readonly wake: (desks: ReadonlySet<number>) => void;
}

/**
 * Gives an event that is due its deliveries now, in one transaction with its mark. Its desk does the same: whoever comes first
 * does it, and it is done once.
 */
export async function deliverEvent(deps: DeliverDeps, id: string): Promise<DeliverOutcome> {
  const { db, client, clock, wake } = deps;
  const record = await eventRecords(db).findOne({ _id: id });
  if (!record) return { kind: 'unknown' };
  if (record.state === 'delivered') return { kind: 'delivered-before' };
  if (record.deliverAt.getTime() > clock.now()) return { kind: 'not-due', deliverAt: record.deliverAt };
  const { records, deliveries, desks } = await distributeRecords(
    { ...deps, commit: (body) => inTransaction(client, body) },
    [record],
  );
  if (records === 0) return { kind: 'delivered-before' };
  if (desks.size > 0) wake(desks);
  return { kind: 'delivered', deliveries };
}
