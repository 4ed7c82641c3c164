import type { mongo } from 'mongoose';
import type { DomainModule } from '../../domain-kit/domain-module.js';
import type { IndexesReading } from '../../ops/doctor/judge-database.js';
import { TransactionStore } from '../../transactions/transaction-store.js';
import { ensureAllIndexes } from '../ensure-all-indexes.js';

/** An index as some process would create it. */
interface WantedIndex {
  readonly collection: string;
  readonly key: Readonly<Record<string, unknown>>;
  /** Where two indexes have the same keys, their names tell them apart. */
  readonly name: string | undefined;
}

/** Which indexes are wanted, and which of them a database does not have. Writes nothing. */
export async function readIndexes(
  db: mongo.Db,
  modules: readonly Pick<DomainModule, 'models' | 'ownCollections'>[],
): Promise<IndexesReading> {
  const collections = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  const everybody = await recorded((recorder) => ensureAllIndexes(recorder, modules));
  // Only the API makes these: where it never ran they are not missing.
  const ofApi = await recorded((recorder) => new TransactionStore(recorder).ensureIndexes());
  const wanted = [...everybody, ...ofApi.filter(({ collection }) => collections.includes(collection))];
  const names = [...new Set(wanted.map(({ collection }) => collection))];
  const present = new Map<string, mongo.IndexDescriptionInfo[]>();
  for (const name of names) {
    present.set(name, collections.includes(name) ? await indexesOf(db, name) : []);
  }
  const missing = wanted.filter((index) => !(present.get(index.collection) ?? []).some((one) => isThe(index, one)));
  return {
    wanted: wanted.length,
    missing: missing.map(
      ({ collection, key, name }) => `${collection} (${Object.keys(key).join(', ')})${name ? ` ${name}` : ''}`,
    ),
    isEmpty: !names.some((name) => collections.includes(name)),
  };
}

/** What `create` would create, as it says to a database that only takes notes: a list beside it could be out of date. */
async function recorded(create: (db: mongo.Db) => Promise<void>): Promise<WantedIndex[]> {
  const noted: WantedIndex[] = [];
  const collection = (name: string) => ({
    createIndex: async (key: WantedIndex['key']) => void noted.push({ collection: name, key, name: undefined }),
    createIndexes: async (indexes: readonly { key: WantedIndex['key']; name?: string }[]) =>
      void noted.push(...indexes.map((index) => ({ collection: name, key: index.key, name: index.name }))),
  });
  await create({ collection } as unknown as mongo.Db);
  return noted;
}

function indexesOf(db: mongo.Db, collection: string): Promise<mongo.IndexDescriptionInfo[]> {
  return db.collection(collection).listIndexes().toArray() as Promise<mongo.IndexDescriptionInfo[]>;
}

/** Whoever brought a collection may have named or narrowed an index in their own way: theirs will do. */
function isThe({ key, name }: WantedIndex, present: mongo.IndexDescriptionInfo): boolean {
  return JSON.stringify(key) === JSON.stringify(present.key) && (name === undefined || name === present.name);
}
