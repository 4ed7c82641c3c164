import type { mongo } from 'mongoose';
import { ledgerEvents } from './ledger-collections.js';

interface StoredVersions {
  _id: string;
  /** Every module version whose handlers made something of what the documents hold. */
  versions: number[];
}

/** The documents were made, wholly or partly, by other handlers than the module's of today. */
export interface ReplayNeeded {
  readonly documents: number;
  readonly module: number;
}

/** Versions begin with this one: documents from before versions were kept are of it. */
const FIRST_VERSION = 1;

function projections(db: mongo.Db): mongo.Collection<StoredVersions> {
  return db.collection<StoredVersions>('projections');
}

/**
 * Notes that handlers of this version project from now on, and says whether the documents hold anything of another one.
 * A database without records starts at this version.
 */
export async function noteProjectingVersion(
  db: mongo.Db,
  program: string,
  version: number,
): Promise<ReplayNeeded | null> {
  if (!(await projections(db).findOne({ _id: program }))) {
    const isFresh = (await ledgerEvents(db).findOne({ program, state: 'applied' })) === null;
    const versions = [isFresh ? version : FIRST_VERSION];
    await projections(db).updateOne({ _id: program }, { $setOnInsert: { versions } }, { upsert: true });
  }
  for (;;) {
    const versions = (await projections(db).findOne({ _id: program }))?.versions ?? [];
    if (versions.includes(version)) break;
    // Only onto what was read: a holder that froze may note its own at this moment.
    await projections(db).updateOne({ _id: program, versions }, { $set: { versions: [...versions, version] } });
  }
  return readReplayNeeded(db, program, version);
}

/** Whether the documents hold anything of another version than this; null when not, or when nothing is known yet. */
export async function readReplayNeeded(db: mongo.Db, program: string, version: number): Promise<ReplayNeeded | null> {
  const stored = await projections(db).findOne({ _id: program });
  const other = stored?.versions.find((one) => one !== version);
  return other === undefined ? null : { documents: other, module: version };
}

/** After a whole replay everything is of one version. */
export async function setProjectedVersion(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  version: number,
): Promise<void> {
  await projections(db).updateOne({ _id: program }, { $set: { versions: [version] } }, { session, upsert: true });
}
