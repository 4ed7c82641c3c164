import { createHash } from 'node:crypto';
import type { mongo } from 'mongoose';
import { THAT_ARE_ORPHANED } from '../domain-kit/document-mark.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Model } from '../domain-kit/model.js';
import type { HeldLease } from '../leases/lease.js';
import { readReplay, type Replay } from '../ledger/replay-request.js';
import { messageOf, MooringError } from '../lib/errors.js';

const SHADOW = '__shadow';
/** What `shadowSuffix` makes. */
const SUFFIX = /__shadow_[0-9a-f]{8}_\d+$/;
/** Of the digest of a replay's id: short, for the whole name may have 120 bytes on older servers. */
const DIGEST_CHARACTERS = 8;
/** The id of an event, and so of a fact. */
const EVENT_ID = /^[^/]+\/(log|cpi)\/\d+$/;

/**
 * What the names of a replay's shadow collections end with. No other replay has it, and no other holder that began the
 * same one: whoever was stopped in the middle of creating, exchanging or dropping collections, and goes on long after
 * others have taken over, can only reach its own. No transaction and so no fence covers those commands (I8).
 */
export function shadowSuffix({ id }: Pick<Replay, 'id'>, { fence }: Pick<HeldLease, 'fence'>): string {
  const digest = createHash('sha256').update(id).digest('hex').slice(0, DIGEST_CHARACTERS);
  return `${SHADOW}_${digest}_${fence}`;
}

/** The database as projections are written into shadow collections; everything else is as it is. */
export function shadowView(db: mongo.Db, module: DomainModule, suffix: string): mongo.Db {
  const shadowed = new Set(module.models.map(({ collection }) => collection));
  return new Proxy(db, {
    get(target, property) {
      if (property === 'collection') {
        return (name: string) => target.collection(shadowed.has(name) ? name + suffix : name);
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
    if (await db.collection(model.collection).findOne(THAT_ARE_ORPHANED, { projection: { _id: 1 } })) {
      throw new MooringError(
        'shadow-impossible',
        `${model.collection} has documents that are marked as orphaned. A shadow would take them away: first decide about ` +
          'them (npm run cleanup-orphaned), or replay in place (without --shadow).',
      );
    }
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

/**
 * Creates empty shadow collections with the indexes of the live ones. Safe to repeat: what is there already is empty as
 * long as the replay has written nothing, and nothing is dropped that another holder may be filling by now.
 */
export async function createShadows(db: mongo.Db, module: DomainModule, suffix: string): Promise<void> {
  await assertRenames(db, probeOf(module), suffix);
  for (const { collection } of module.models) {
    const shadow = collection + suffix;
    if (!(await isThere(db, shadow))) await db.createCollection(shadow);
    if (!(await isThere(db, collection))) continue;
    for (const { key, v: _v, ns: _ns, ...options } of await db.collection(collection).indexes()) {
      if (options.name !== '_id_') await db.collection(shadow).createIndex(key, options);
    }
  }
}

/**
 * Drops the shadows of replays that have ended, whoever left them behind. Whoever is stopped in the middle of it may go
 * on at any time: what it saw before it asked for the replay under way, and is not of that one, is nobody's for ever.
 */
export async function dropEndedShadows(db: mongo.Db, module: DomainModule): Promise<void> {
  const live = new Set([probeOf(module), ...module.models.map(({ collection }) => collection)]);
  const all = await db.listCollections({}, { nameOnly: true }).toArray();
  const shadows = all.map(({ name }) => name).filter((name) => SUFFIX.test(name) && live.has(name.replace(SUFFIX, '')));
  if (shadows.length === 0) return;
  const replay = await readReplay(db, module.name);
  const kept = replay?.state === 'running' ? replay.shadowSuffix : null;
  for (const name of shadows) {
    if (kept === null || !name.endsWith(kept)) await db.collection(name).drop();
  }
}

/**
 * Puts the shadows in the places of the live collections, one by one. Safe to repeat, and to be done by two holders at
 * once: what is done is left alone.
 */
export async function swapShadows(db: mongo.Db, collections: readonly string[], suffix: string): Promise<void> {
  for (const collection of collections) {
    const shadow = collection + suffix;
    if (!(await isThere(db, shadow))) continue;
    try {
      await db.renameCollection(shadow, collection, { dropTarget: true });
    } catch (error) {
      // Gone: another holder was quicker.
      if (await isThere(db, shadow)) throw error;
    }
  }
}

/** What exchanging is tried on. Each module has its own, so that none drops another's in the middle of its trial. */
function probeOf({ name }: DomainModule): string {
  return `mooring_probe_${name}`;
}

/**
 * A server that cannot exchange a collection should say so before hours of work, not after. What is left of a trial
 * that was cut short is named as a shadow is, and goes with the shadows.
 */
async function assertRenames(db: mongo.Db, probe: string, suffix: string): Promise<void> {
  const [one, other] = [probe + suffix, probe];
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
