import { mongo } from 'mongoose';
import { DUPLICATE_KEY } from '../../lib/duplicate-key.js';
import { newId } from '../new-id.js';
import { DEFAULT_ENVIRONMENT_ID, type Environment } from './environment.js';

/** The collection of environments. */
export function environments(db: mongo.Db): mongo.Collection<Environment> {
  return db.collection<Environment>('environments', { writeConcern: { w: 'majority' } });
}

/** Creates its index: a slug names one. */
export async function ensureEnvironmentIndexes(db: mongo.Db): Promise<void> {
  await environments(db).createIndex({ slug: 1 }, { unique: true });
}

/** Makes the default environment where there is none. Any number of processes may do so at once. */
export async function ensureDefaultEnvironment(db: mongo.Db, now: Date): Promise<void> {
  const made = { slug: 'default', name: 'Default', chain: { programs: null }, createdAt: now, updatedAt: now };
  try {
    await environments(db).updateOne({ _id: DEFAULT_ENVIRONMENT_ID }, { $setOnInsert: made }, { upsert: true });
  } catch (error) {
    // Two upserts of one key: the other one has made it.
    if (!isTaken(error)) throw error;
  }
}

/** Makes an environment; null where the slug is taken. */
export async function createEnvironment(
  db: mongo.Db,
  { slug, name, chain }: Pick<Environment, 'slug' | 'name' | 'chain'>,
  now: Date,
): Promise<Environment | null> {
  const environment: Environment = { _id: newId('env'), slug, name, chain, createdAt: now, updatedAt: now };
  try {
    await environments(db).insertOne(environment);
    return environment;
  } catch (error) {
    if (isTaken(error)) return null;
    throw error;
  }
}

/** Changes what is named; null where there is no environment of this slug. */
export function changeEnvironment(
  db: mongo.Db,
  slug: string,
  change: Partial<Pick<Environment, 'name' | 'chain'>>,
  now: Date,
): Promise<Environment | null> {
  const set = { ...change, updatedAt: now };
  return environments(db).findOneAndUpdate({ slug }, { $set: set }, { returnDocument: 'after' });
}

/** All of them, by slug. */
export function listEnvironments(db: mongo.Db): Promise<Environment[]> {
  return environments(db).find().sort({ slug: 1 }).toArray();
}

function isTaken(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}
