import type { mongo } from 'mongoose';

type LeaseDocument = { _id: string; holder?: string };

/** Who holds a lease, for people; empty when it was given up, null when nobody ever held it. */
export async function readHolder(db: mongo.Db, name: string): Promise<string | null> {
  return (await readHolders(db, [name])).get(name) ?? null;
}

/** The same of several: those that nobody ever held are left out. */
export async function readHolders(db: mongo.Db, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const stored = await db
    .collection<LeaseDocument>('leases')
    .find({ _id: { $in: [...names] } }, { projection: { holder: 1 } })
    .toArray();
  return new Map(stored.flatMap(({ _id, holder }) => (holder === undefined ? [] : [[_id, holder] as const])));
}
