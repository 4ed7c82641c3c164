import bs58 from 'bs58';
import type { mongo } from 'mongoose';
import { coupons } from '../../src/domains/coupons/module.js';
import { seededRandom } from '../../src/dev/seeded-random.js';
import type { BenchDatabase } from './pipeline-bed.js';

/** What was done to the documents. */
export interface Damage {
  readonly changed: number;
  readonly deleted: number;
  /** Copies under addresses that no account has. */
  readonly invented: number;
}

/** Every thirtieth document is changed, every thirtieth deleted, every thirtieth copied: a tenth in all. */
const EVERY = 30;
/** Another one than the accounts have, whose addresses these would be otherwise. */
const SEED = 7_919;
const KINDS = 3;
const AT_ONCE = 1_000;
/** A field that every model has, as no account has it. */
const WRONG = { revision: 999_999 };

type Stored = { _id: string } & mongo.Document;
type Operation = mongo.AnyBulkWriteOperation<Stored>;

/** Damages a tenth of the documents behind mooring's back, evenly over the collections. */
export async function damageDocuments({ db }: BenchDatabase): Promise<Damage> {
  const random = seededRandom(SEED);
  const address = () => bs58.encode(Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256)));
  const damage = { changed: 0, deleted: 0, invented: 0 };
  let count = 0;
  for (const { collection: name } of coupons.models) {
    const collection = db.collection<Stored>(name);
    const operations: Operation[] = [];
    for await (const document of collection.find()) {
      const turn = count++ % EVERY;
      const filter = { _id: document._id };
      if (turn === 0) {
        operations.push({ updateOne: { filter, update: { $set: WRONG } } });
        damage.changed += 1;
      } else if (turn === EVERY / KINDS) {
        operations.push({ deleteOne: { filter } });
        damage.deleted += 1;
      } else if (turn === (2 * EVERY) / KINDS) {
        operations.push({ insertOne: { document: { ...document, _id: address() } } });
        damage.invented += 1;
      }
    }
    for (let start = 0; start < operations.length; start += AT_ONCE) {
      await collection.bulkWrite(operations.slice(start, start + AT_ONCE), { ordered: false });
    }
  }
  return damage;
}
