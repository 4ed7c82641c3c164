import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Model } from '../domain-kit/model.js';
import { messageOf, MooringError } from '../lib/errors.js';

const SUFFIX = '__shadow';
/** The id of an event, and so of a fact. */
const EVENT_ID = /^[^/]+\/(log|cpi)\/\d+$/;

/** The database as projections are written into shadow collections; everything else is as it is. */
export function shadowView(db: mongo.Db, module: DomainModule): mongo.Db {
  const shadowed = new Set(module.models.map(({ collection }) => collection));
  return new Proxy(db, {
    get(target, property) {
      if (property === 'collection') {
        return (name: string) => target.collection(shadowed.has(name) ? name + SUFFIX : name);
      }
      const member = Reflect.get(target, property, target) as unknown;
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
}

/**
 * Whether the module's collections can be replaced: every document and every field in them is mooring's own. Others
 * would be lost, or be written by their owners while the collection is exchanged. Reads all of them.
 * @throws MooringError `shadow-impossible` with what to do.
 */
export async function assertReplaceable(db: mongo.Db, module: DomainModule): Promise<void> {
  for (const model of module.models) {
    const ours = namesOf(model);
    for await (const document of db.collection<{ _id: unknown }>(model.collection).find()) {
      const stranger = Object.keys(document).find((name) => !ours.has(name));
      const isOurs = model.kind === 'state' ? '_mooring' in document : EVENT_ID.test(String(document._id));
      if (isOurs && stranger === undefined) continue;
      const id = String(document._id);
      throw new MooringError(
        'shadow-impossible',
        `${model.collection} is not mooring's alone: ${
          stranger === undefined ? `${id} was not made by it` : `${id} has the field ${stranger}, which no model names`
        }. A shadow would take that away. Replay in place (without --shadow): it leaves other people's documents and fields.`,
      );
    }
  }
}

function namesOf(model: Model): Set<string> {
  const fields = Object.keys(model.fields);
  if (model.kind === 'fact') return new Set(['_id', ...fields]);
  // With a key field of people's own MongoDB chooses `_id`: somebody may refer to it, and it would be another one.
  const key = model.keyField === '_id' ? ['_id'] : [model.keyField];
  return new Set([...key, '_mooring', ...fields, ...Object.keys(model.settled)]);
}

/** Creates empty shadow collections with the indexes of the live ones, in the place of any that are left of before. */
export async function createShadows(db: mongo.Db, module: DomainModule): Promise<void> {
  await dropShadows(db, module);
  await assertRenames(db);
  for (const { collection } of module.models) {
    await db.createCollection(collection + SUFFIX);
    if (!(await isThere(db, collection))) continue;
    for (const { key, v: _v, ns: _ns, ...options } of await db.collection(collection).indexes()) {
      if (options.name !== '_id_') await db.collection(collection + SUFFIX).createIndex(key, options);
    }
  }
}

export async function dropShadows(db: mongo.Db, module: DomainModule): Promise<void> {
  for (const { collection } of module.models) {
    if (await isThere(db, collection + SUFFIX)) await db.collection(collection + SUFFIX).drop();
  }
}

/** Puts the shadows in the places of the live collections, one by one. Safe to repeat: what is done is left alone. */
export async function swapShadows(db: mongo.Db, collections: readonly string[]): Promise<void> {
  for (const collection of collections) {
    if (await isThere(db, collection + SUFFIX)) {
      await db.renameCollection(collection + SUFFIX, collection, { dropTarget: true });
    }
  }
}

/** A server that cannot exchange a collection should say so before hours of work, not after. */
async function assertRenames(db: mongo.Db): Promise<void> {
  const [one, other] = [`mooring_probe${SUFFIX}`, 'mooring_probe'];
  try {
    for (const name of [one, other]) await db.collection(name).insertOne({ at: name });
    await db.renameCollection(one, other, { dropTarget: true });
  } catch (error) {
    throw new MooringError(
      'shadow-impossible',
      `This database cannot exchange collections (renameCollection with dropTarget: ${messageOf(error)}). Replay in place, without --shadow.`,
      { cause: error },
    );
  } finally {
    for (const name of [one, other]) if (await isThere(db, name)) await db.collection(name).drop();
  }
}

async function isThere(db: mongo.Db, name: string): Promise<boolean> {
  return (await db.listCollections({ name }, { nameOnly: true }).toArray()).length > 0;
}
