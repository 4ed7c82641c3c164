import type { mongo } from 'mongoose';

/** Why nothing new is signed with a key. */
export interface SignerPause {
  readonly reason: string;
  readonly at: Date;
}

const PREFIX = 'paused:';
/** Every id that begins with the prefix: `;` comes right after `:`. */
const EVERY_PAUSE = { _id: { $gte: PREFIX, $lt: 'paused;' } };

type PauseDocument = { _id: string } & SignerPause;

function pauses(db: mongo.Db): mongo.Collection<PauseDocument> {
  return db.collection<PauseDocument>('leases', { writeConcern: { w: 'majority' } });
}

function pauseId(signer: string): string {
  return PREFIX + signer;
}

/** From now on no request is signed with this key, also none that has expired; what is signed is followed to its end. */
export async function pauseSigner(db: mongo.Db, signer: string, pause: SignerPause): Promise<void> {
  await pauses(db).updateOne({ _id: pauseId(signer) }, { $set: pause }, { upsert: true });
}

/** Takes the pause back. False: there was none. */
export async function resumeSigner(db: mongo.Db, signer: string): Promise<boolean> {
  return (await pauses(db).deleteOne({ _id: pauseId(signer) })).deletedCount === 1;
}

/** Null: not paused. */
export async function readPause(db: mongo.Db, signer: string): Promise<SignerPause | null> {
  const stored = await pauses(db).findOne({ _id: pauseId(signer) });
  return stored && { reason: stored.reason, at: stored.at };
}

/** Everything that is paused, by signer. */
export async function readPauses(db: mongo.Db): Promise<ReadonlyMap<string, SignerPause>> {
  const stored = await pauses(db).find(EVERY_PAUSE).toArray();
  return new Map(stored.map(({ _id, reason, at }) => [_id.slice(PREFIX.length), { reason, at }]));
}
