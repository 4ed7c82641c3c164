import { mongo } from 'mongoose';
import { DUPLICATE_KEY } from '../../lib/duplicate-key.js';
import { newId } from '../new-id.js';

/** Whom an event is about, in the words of the application that sends it: one of its own users, say. */
export interface ExternalAccount {
  readonly _id: string;
  readonly environment: string;
  /** The application's name for it; unique in its environment. */
  readonly identifier: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

function externalAccounts(db: mongo.Db): mongo.Collection<ExternalAccount> {
  return db.collection<ExternalAccount>('external_accounts', { writeConcern: { w: 'majority' } });
}

/** Creates its index: for looking one up, and for lists. */
export async function ensureExternalAccountIndexes(db: mongo.Db): Promise<void> {
  await externalAccounts(db).createIndex({ environment: 1, identifier: 1 }, { unique: true });
}

/** The accounts of these identifiers, by identifier; those that there are not are made. */
export async function accountsOf(
  db: mongo.Db,
  environment: string,
  identifiers: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, ExternalAccount>> {
  const wanted = [...new Set(identifiers)];
  if (wanted.length === 0) return new Map();
  const found = await byIdentifier(db, environment, wanted);
  const missing = wanted.filter((identifier) => !found.has(identifier));
  if (missing.length === 0) return found;
  for (const identifier of missing) await make(db, environment, identifier, {}, now);
  return byIdentifier(db, environment, wanted);
}

/** Makes an account what is said, also where there is one already. */
export async function putExternalAccount(
  db: mongo.Db,
  environment: string,
  identifier: string,
  metadata: ExternalAccount['metadata'],
  now: Date,
): Promise<{ readonly outcome: 'created' | 'updated'; readonly account: ExternalAccount }> {
  const isNew = await make(db, environment, identifier, metadata, now);
  const change = { $set: isNew ? { metadata } : { metadata, updatedAt: now } };
  const account = await externalAccounts(db).findOneAndUpdate({ environment, identifier }, change, {
    returnDocument: 'after',
  });
  // Nobody removes accounts.
  return { outcome: isNew ? 'created' : 'updated', account: account as ExternalAccount };
}

/** Null: the environment has no such account. */
export function findExternalAccount(
  db: mongo.Db,
  environment: string,
  identifier: string,
): Promise<ExternalAccount | null> {
  return externalAccounts(db).findOne({ environment, identifier });
}

/** The accounts of an environment after an identifier, by identifier. */
export function listExternalAccounts(
  db: mongo.Db,
  environment: string,
  after: string | null,
  limit: number,
): Promise<ExternalAccount[]> {
  return externalAccounts(db)
    .find({ environment, ...(after === null ? {} : { identifier: { $gt: after } }) })
    .sort({ identifier: 1 })
    .limit(limit)
    .toArray();
}

/** What the application calls the accounts of these ids. */
export async function identifiersOf(db: mongo.Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const found = await externalAccounts(db)
    .find({ _id: { $in: [...new Set(ids)] } })
    .toArray();
  return new Map(found.map(({ _id, identifier }) => [_id, identifier]));
}

async function byIdentifier(db: mongo.Db, environment: string, identifiers: readonly string[]) {
  const found = await externalAccounts(db)
    .find({ environment, identifier: { $in: [...identifiers] } })
    .toArray();
  return new Map(found.map((account) => [account.identifier, account]));
}

/** False: there is one already. */
async function make(
  db: mongo.Db,
  environment: string,
  identifier: string,
  metadata: ExternalAccount['metadata'],
  now: Date,
): Promise<boolean> {
  try {
    await externalAccounts(db).insertOne({
      ...{ _id: newId('acc'), environment, identifier, metadata, createdAt: now, updatedAt: now },
    });
    return true;
  } catch (error) {
    if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return false;
    throw error;
  }
}
