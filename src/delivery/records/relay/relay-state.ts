import type { mongo } from 'mongoose';
import { readCommitHeads } from '../../../ledger/commit-log.js';
import { resolveStart } from '../../../ledger/stable-stream.js';
import { encodeStreamCursor } from '../../../ledger/stream-cursor.js';
import { readListeners } from './read-listeners.js';

/** How far the events of a program were told. */
export interface RelayState {
  /** The last commit of its log. */
  readonly commit: { readonly number: number; readonly mark: string };
  /** A cursor of its stable stream. */
  readonly stable: string;
  /** The moment of the records that were written with it, if any. */
  readonly savedAt: Date;
}

type StoredState = RelayState & { readonly _id: string };

function relays(db: mongo.Db): mongo.Collection<StoredState> {
  return db.collection<StoredState>('event_relays');
}

/** Null: nothing of the program was ever told. */
export async function readRelayState(db: mongo.Db, program: string): Promise<RelayState | null> {
  const stored = await relays(db).findOne({ _id: program });
  return stored && { commit: stored.commit, stable: stored.stable, savedAt: stored.savedAt };
}

/** Notes how far it was told, in the transaction of the records that are told. */
export async function writeRelayState(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  state: RelayState,
): Promise<void> {
  await relays(db).updateOne({ _id: program }, { $set: { ...state } }, { session, upsert: true });
}

/**
 * Whether commits of a program have to be logged because somebody hears of its events, or has heard of some. Where nothing
 * was told yet, it is noted that telling begins here: to be asked before anything more is committed.
 */
export async function needsCommitLog(db: mongo.Db, program: string, now: Date): Promise<boolean> {
  if (await relays(db).findOne({ _id: program }, { projection: { _id: 1 } })) return true;
  const { confirmed, finalized } = await readListeners(db, program);
  if (confirmed.length + finalized.length === 0) return false;
  const begun = await stateAtPresent(db, program);
  await relays(db).updateOne({ _id: program }, { $setOnInsert: { ...begun, savedAt: now } }, { upsert: true });
  return true;
}

/** Where telling stands that begins now. */
export async function stateAtPresent(db: mongo.Db, program: string): Promise<Pick<RelayState, 'commit' | 'stable'>> {
  const heads = await readCommitHeads(db, [program]);
  const stable = await resolveStart(db, program, 'now');
  return { commit: heads.get(program) as RelayState['commit'], stable: encodeStreamCursor(stable) };
}
