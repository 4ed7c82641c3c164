import type { mongo } from 'mongoose';
import { doesCount } from '../../../domain-kit/document-mark.js';
import type { OwnCollection } from '../../../domain-kit/domain-module.js';
import { fromStored } from '../../../lib/stored-value.js';
import { Stake } from '../models.js';
import type { Challenge } from './challenge.js';

/** What a person said of themselves. `_id` is the wallet. Nothing of the chain is in it: that is the stake's to say. */
export interface Developer {
  readonly _id: string;
  readonly name: string;
  readonly email: string;
  readonly registeredAt: Date;
  readonly updatedAt: Date;
}

/** What a wallet has in the vault that counts. */
export interface DeveloperStake {
  readonly status: 'active' | 'inactive';
  /** Millionths of a token. */
  readonly staked: bigint;
  readonly stakedAt: Date;
}

/** What registration writes, and no projection. */
export const developerCollections: readonly OwnCollection[] = [
  { collection: 'developers', indexes: [] },
  { collection: 'developer_challenges', indexes: [], expiresAt: 'expiresAt' },
];

/** The collection of registrations. */
export function developers(db: mongo.Db): mongo.Collection<Developer> {
  return db.collection<Developer>('developers');
}

/** The collection of challenges. */
export function challenges(db: mongo.Db): mongo.Collection<Challenge> {
  return db.collection<Challenge>('developer_challenges');
}

/** By wallet: the stakes of these wallets in the vault, of those that have one. */
export async function readStakes(
  db: mongo.Db,
  vault: string,
  wallets: readonly string[],
): Promise<Map<string, DeveloperStake>> {
  const found = await db
    .collection(Stake.collection)
    .find({ owner: { $in: [...wallets] }, vault })
    .toArray();
  const stakes = found
    .filter((stake) => doesCount(stake))
    .map((stake) => fromStored(stake) as DeveloperStake & { owner: string });
  return new Map(stakes.map((stake) => [stake.owner, stake]));
}
