import type { mongo } from 'mongoose';

/** Who holds a lease, for people; empty when it was given up, null when nobody ever held it. */
export async function readHolder(db: mongo.Db, name: string): Promise<string | null> {
  const lease = await db.collection<{ _id: string; holder?: string }>('leases').findOne({ _id: name });
  return lease?.holder ?? null;
}
