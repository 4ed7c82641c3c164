import type { mongo } from 'mongoose';
import { MooringError } from '../lib/errors.js';

/**
 * records: handlers run over the ledger; facts are written, touched documents noted. documents: each of those is folded
 * anew. leftovers: what no record makes any more goes. settle: results across documents are computed anew. swap: shadow
 * collections take the places of the live ones.
 */
export type ReplayPhase = 'records' | 'documents' | 'leftovers' | 'settle' | 'swap';

/** First of the cursor while collections are being exchanged; their names follow. */
export const SWAPPING = 'swapping';

/** How much of a replay is done. */
export interface ReplayCounts {
  readonly records: number;
  readonly documents: number;
  /** Facts and documents that no record makes any more. */
  readonly removed: number;
  /** Results across documents that turned out otherwise. */
  readonly settled: number;
  /** Records whose handler fails now. */
  readonly dead: number;
  /** Records that their IDL reads otherwise now. */
  readonly decoded: number;
}

/** A replay of a program's projections: asked for by anybody, done by whoever holds the program's lease. */
export interface Replay {
  readonly program: string;
  /** Tells this request from the one before. */
  readonly id: string;
  /** Of the module that asked: only handlers of this version do it. */
  readonly version: number;
  /** Null: the whole history. */
  readonly fromSlot: number | null;
  readonly shadow: boolean;
  /** What the names of its shadow collections end with; null until somebody has begun with them. */
  readonly shadowSuffix: string | null;
  readonly state: 'running' | 'done' | 'cancelled';
  readonly phase: ReplayPhase;
  /** Where the phase stands. */
  readonly cursor: readonly (string | number)[] | null;
  /** Records at the beginning: more may come meanwhile. */
  readonly total: number;
  readonly counts: ReplayCounts;
  /** Documents that could not be written, and why; the first few. */
  readonly problems: readonly string[];
  /** Why nothing happens; null when something does. */
  readonly note: string | null;
  readonly requestedAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

/** Collections are being exchanged: that is finished, whatever happens. */
export function isSwapping({ state, phase, cursor }: Replay): boolean {
  return state === 'running' && phase === 'swap' && cursor?.[0] === SWAPPING;
}

type StoredReplay = { _id: string } & Omit<Replay, 'program'>;

const NOTHING_DONE: ReplayCounts = { records: 0, documents: 0, removed: 0, settled: 0, dead: 0, decoded: 0 };

function replays(db: mongo.Db): mongo.Collection<StoredReplay> {
  return db.collection<StoredReplay>('replays');
}

/** The last replay asked for; null when none ever was. */
export async function readReplay(db: mongo.Db, program: string): Promise<Replay | null> {
  const stored = await replays(db).findOne({ _id: program });
  if (!stored) return null;
  const { _id, ...rest } = stored;
  return { program: _id, ...rest };
}

/**
 * Asks for a replay, in the place of one that has ended. Returns the one under way where there is one already.
 */
export async function requestReplay(
  db: mongo.Db,
  wanted: Pick<Replay, 'program' | 'id' | 'version' | 'fromSlot' | 'shadow' | 'total'>,
  now: Date,
): Promise<{ readonly replay: Replay; readonly isNew: boolean }> {
  const { program, ...rest } = wanted;
  const request: Omit<Replay, 'program'> = {
    ...rest,
    ...{ state: 'running', phase: 'records', cursor: null, counts: NOTHING_DONE, problems: [], note: null },
    ...{ requestedAt: now, updatedAt: now, finishedAt: null, shadowSuffix: null },
  };
  await replays(db).updateOne({ _id: program }, { $setOnInsert: request }, { upsert: true });
  await replays(db).updateOne({ _id: program, state: { $ne: 'running' } }, { $set: request });
  const replay = await readReplay(db, program);
  if (!replay) throw new MooringError('replay-lost', `The replay of ${program} vanished while being asked for.`);
  return { replay, isNew: replay.id === wanted.id };
}

/** Ends a replay under way where it stands. False when there is none. */
export async function cancelReplay(db: mongo.Db, program: string, now: Date): Promise<boolean> {
  const cancelled = await replays(db).updateOne(
    // A swap that has begun is finished: half of it would be two versions at once.
    { _id: program, state: 'running', 'cursor.0': { $ne: SWAPPING } },
    { $set: { state: 'cancelled', updatedAt: now, finishedAt: now } },
  );
  return cancelled.modifiedCount === 1;
}

/** Ends a replay that cannot be made, and says why. */
export async function refuseReplay(db: mongo.Db, { program, id }: Replay, problem: string, now: Date): Promise<void> {
  await replays(db).updateOne(
    { _id: program, id, state: 'running' },
    { $set: { state: 'cancelled', updatedAt: now, finishedAt: now, problems: [problem] } },
  );
}

/** Says why nothing happens. */
export async function noteReplay(db: mongo.Db, { program, id }: Replay, note: string | null): Promise<void> {
  await replays(db).updateOne({ _id: program, id, note: { $ne: note } }, { $set: { note } });
}

/** Thrown when a replay was cancelled, or another one asked for, while a bite of it was under way. */
export class ReplayEndedError extends MooringError {
  override readonly name = 'ReplayEndedError';
  constructor(replay: Replay) {
    super('replay-ended', `The replay of ${replay.program} was ended meanwhile.`);
  }
}

/** What a bite changed of the request. */
export interface ReplayStep extends Partial<
  Pick<Replay, 'phase' | 'cursor' | 'state' | 'finishedAt' | 'shadowSuffix'>
> {
  readonly counts?: Partial<ReplayCounts>;
  readonly problems?: readonly string[];
}

/** Problems kept by their words; more of them say nothing new. */
const PROBLEMS_KEPT = 20;

/**
 * Moves a replay on, in the transaction that does the work.
 * @throws ReplayEndedError
 */
export async function stepReplay(
  db: mongo.Db,
  session: mongo.ClientSession,
  replay: Replay,
  { counts = {}, problems = [], ...set }: ReplayStep,
  now: Date,
): Promise<void> {
  const inc = Object.fromEntries(Object.entries(counts).map(([name, count]) => [`counts.${name}`, count]));
  const stepped = await replays(db).updateOne(
    { _id: replay.program, id: replay.id, state: 'running' },
    {
      $set: { ...set, note: null, updatedAt: now },
      ...(Object.keys(inc).length > 0 ? { $inc: inc } : {}),
      ...(problems.length > 0 ? { $push: { problems: { $each: [...problems], $slice: PROBLEMS_KEPT } } } : {}),
    },
    { session },
  );
  if (stepped.matchedCount !== 1) throw new ReplayEndedError(replay);
}
