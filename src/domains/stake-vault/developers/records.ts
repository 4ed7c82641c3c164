import type { mongo } from 'mongoose';
import { doesCount } from '../../../domain-kit/document-mark.js';
import type { OwnCollection } from '../../../domain-kit/domain-module.js';
import { readFinalEvents } from '../../../domain-kit/final-events.js';
import { fromStored } from '../../../lib/stored-value.js';
import type { UnstakeRequested } from '../../../../idl/stake-vault.js';
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

/** What every event about a stake says. */
type StakeChange = Pick<UnstakeRequested, 'staked' | 'revision'>;

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

/**
 * What is staked for good: as of the newest final event of a stake that is still there, in millionths of a token. Null: there
 * is no such stake, or nothing of it is final, or what is final says that nothing is staked.
 */
export async function readFinalStake(
  db: mongo.Db,
  vault: string,
  wallet: string,
  session?: mongo.ClientSession,
): Promise<bigint | null> {
  const stake = await db
    .collection<{ _id: string }>(Stake.collection)
    .findOne({ owner: wallet, vault, status: 'active' }, session ? { session } : {});
  if (!stake || !doesCount(stake)) return null;
  const changes = (await readFinalEvents(db, Stake, stake._id, session)).map(({ data }) => data as StakeChange);
  const newest = changes.reduce<StakeChange | null>(
    (best, one) => (best && best.revision > one.revision ? best : one),
    null,
  );
  return newest && newest.staked > 0n ? newest.staked : null;
}
