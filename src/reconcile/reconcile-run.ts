import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { DUPLICATE_KEY } from '../lib/duplicate-key.js';
import { fromStored, toStored } from '../lib/stored-value.js';
import { inTransaction } from '../store/transactions.js';
import type { DifferenceKind } from './audit-report.js';

/** changes: what was touched or is suspect, and a share of the rest. everything: every document and account. */
export type ReconcileScope = 'changes' | 'everything';

/** Who asked for a pass. */
export type ReconcileTrigger = 'schedule' | 'command' | 'api';

/** interrupted: the process was stopped, killed or lost its lease. */
export type ReconcileState = 'requested' | 'running' | 'done' | 'failed' | 'interrupted';

/** What a pass looked at, found and did. */
export interface ReconcileCounts {
  readonly accounts: number;
  readonly documents: number;
  /** Should exist and did not. */
  readonly missing: number;
  /** Fields differed. */
  readonly drifted: number;
  /** In MongoDB and not on chain, found by this pass. */
  readonly orphaned: number;
  /** Of those, marked as such: the others could not be confirmed, or changed meanwhile. */
  readonly marked: number;
  /** Right, but not accounted for by the ledger. */
  readonly unrecorded: number;
  /** Kept changing, or the ledger did not catch up with them: neither right nor wrong. */
  readonly unsettled: number;
  /** Of missing, drifted and unrecorded: put right, seen to be so. */
  readonly repaired: number;
  /** Of those: not put right by the end of the pass. */
  readonly left: number;
  /** Transactions found in the program's history that the ledger lacked. */
  readonly recovered: number;
}

/** No counts yet. */
export const NOTHING_COUNTED: ReconcileCounts = {
  ...{ accounts: 0, documents: 0, missing: 0, drifted: 0, orphaned: 0, marked: 0, unrecorded: 0 },
  ...{ unsettled: 0, repaired: 0, left: 0, recovered: 0 },
};

/** One document that was wrong. */
export interface RunDifference {
  readonly collection: string;
  readonly key: string;
  readonly kind: DifferenceKind;
  readonly fields: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
  /** Why it is an orphan, where that is not for want of an account: OrphanMark. */
  readonly reason?: string;
}

/** What a pass cost. */
export interface RunCost {
  readonly requests: number;
  readonly credits: number;
  readonly byMethod: Readonly<Record<string, number>>;
}

/** One pass over one program. */
export interface ReconcileRun {
  readonly id: string;
  readonly program: string;
  readonly scope: ReconcileScope;
  readonly trigger: ReconcileTrigger;
  readonly state: ReconcileState;
  /** The process that makes it; null before one does. */
  readonly by: string | null;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly durationMs: number | null;
  /** The oldest finalized slot an account was read at; null before the first. */
  readonly slot: number | null;
  readonly counts: ReconcileCounts;
  /** The first of them; `omitted` more are counted only. */
  readonly differences: readonly RunDifference[];
  readonly omitted: number;
  readonly cost: RunCost;
  /** What stood in the way of a complete look, in words. */
  readonly notes: readonly string[];
  /** Where the rotation through the documents that nothing touched goes on; null = at the beginning. */
  readonly rotation: { readonly collection: string; readonly after: string } | null;
  /** Documents that were left open: looked at again by the next pass. `<collection>:<key>`. */
  readonly suspects: readonly string[];
  readonly error: string | null;
}

type StoredRun = { _id: string } & mongo.Document;

/** Differences kept by name in a run's document; more of them say nothing new. */
export const DIFFERENCES_KEPT = 500;
/** Suspects carried from pass to pass at most: what is beyond is found anew by the rotation. */
export const SUSPECTS_KEPT = 5_000;

function runs(db: mongo.Db): mongo.Collection<StoredRun> {
  return db.collection<StoredRun>('reconcile_runs');
}

/** Beside the leases: what only one transaction at a time may do. */
function locks(db: mongo.Db): mongo.Collection<StoredRun> {
  return db.collection<StoredRun>('leases');
}

const REQUESTS = 'lock:reconcile-requests';
const WAITING = { state: 'requested' } as const;

/** The questions the collection is asked. */
export async function ensureRunIndexes(db: mongo.Db): Promise<void> {
  await runs(db).createIndexes([
    { key: { requestedAt: -1, _id: -1 }, name: 'newest' },
    { key: { program: 1, state: 1, startedAt: -1 }, name: 'last' },
  ]);
}

/** A run that is asked for, or about to begin. */
export function newRun(
  { program, scope, trigger }: Pick<ReconcileRun, 'program' | 'scope' | 'trigger'>,
  now: Date,
): ReconcileRun {
  return {
    ...{ id: randomUUID(), program, scope, trigger, state: 'requested', by: null, requestedAt: now },
    ...{ startedAt: null, endedAt: null, durationMs: null, slot: null, counts: NOTHING_COUNTED },
    ...{ differences: [], omitted: 0, cost: { requests: 0, credits: 0, byMethod: {} } },
    ...{ notes: [], rotation: null, suspects: [], error: null },
  };
}

/**
 * Asks for a pass: whoever reconciles takes it up within a second or so. Returns the run that was asked for: a new one, or
 * one of its kind that is waiting already. However many ask at once, one pass answers all of them.
 */
export async function requestRun(
  db: mongo.Db,
  wanted: Pick<ReconcileRun, 'program' | 'scope' | 'trigger'>,
  now: Date,
): Promise<ReconcileRun> {
  // Not in the transaction: two that make the same document there exclude each other.
  await locks(db)
    .updateOne({ _id: REQUESTS }, { $setOnInsert: { by: null } }, { upsert: true })
    .catch((error: unknown) => {
      // Another process made it at the same moment.
      if ((error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
    });
  return inTransaction(db.client, async (session) => {
    // Two that both find none waiting would both ask: they conflict here, and one of them looks again. No unique index says
    // it, for not every server takes a document out of a partial one when it stops belonging there.
    await locks(db).updateOne({ _id: REQUESTS }, { $set: { by: randomUUID() } }, { session });
    const waiting = await runs(db).findOne({ program: wanted.program, scope: wanted.scope, ...WAITING }, { session });
    if (waiting) return runFrom(waiting);
    const run = newRun(wanted, now);
    await runs(db).insertOne(storedRun(run), { session });
    return run;
  });
}

/** In the transaction of whoever reconciles: a run begins. */
export async function beginRun(db: mongo.Db, session: mongo.ClientSession, run: ReconcileRun): Promise<void> {
  await runs(db).replaceOne({ _id: run.id }, storedRun(run), { upsert: true, session });
}

/** Writes what is known of a run, unless somebody has ended it meanwhile. False: somebody has. */
export async function updateRun(
  db: mongo.Db,
  id: string,
  by: string,
  known: Partial<Omit<ReconcileRun, 'id' | 'program' | 'by'>>,
  session?: mongo.ClientSession,
): Promise<boolean> {
  const updated = await runs(db).updateOne(
    { _id: id, by, state: 'running' },
    { $set: toStored(known) as mongo.Document },
    session ? { session } : {},
  );
  return updated.matchedCount === 1;
}

/** Ends the runs that somebody left running. To be called by whoever has just taken the lease. */
export async function endAbandonedRuns(db: mongo.Db, session: mongo.ClientSession, now: Date): Promise<number> {
  const ended = await runs(db).updateMany(
    { state: 'running' },
    { $set: { state: 'interrupted', endedAt: now, error: 'the process that made it is gone' } },
    { session },
  );
  return ended.modifiedCount;
}

/** A run by its id. */
export async function readRun(db: mongo.Db, id: string): Promise<ReconcileRun | null> {
  const stored = await runs(db).findOne({ _id: id });
  return stored && runFrom(stored);
}

/**
 * The last run of a program that began; of these only, where something is named. `upTo`: none that began later. Whoever
 * plans by what was before names the time on its own clock: a process whose clock was ahead may have left runs of
 * tomorrow, and nobody would reconcile until then.
 */
export async function readLastRun(
  db: mongo.Db,
  program: string,
  only: {
    readonly states?: readonly ReconcileState[];
    readonly scope?: ReconcileScope;
    readonly trigger?: ReconcileTrigger;
    readonly upTo?: Date;
  } = {},
): Promise<ReconcileRun | null> {
  const stored = await runs(db)
    .find({
      ...{ program, startedAt: { $ne: null, ...(only.upTo ? { $lte: only.upTo } : {}) } },
      ...(only.states ? { state: { $in: [...only.states] } } : {}),
      ...(only.scope ? { scope: only.scope } : {}),
      ...(only.trigger ? { trigger: only.trigger } : {}),
    })
    .sort({ startedAt: -1 })
    .limit(1)
    .toArray();
  return stored[0] ? runFrom(stored[0]) : null;
}

/** Passes that were asked for and that nobody has begun, oldest first. */
export async function readRequestedRuns(db: mongo.Db, programs: readonly string[]): Promise<ReconcileRun[]> {
  const stored = await runs(db)
    .find({ program: { $in: [...programs] }, ...WAITING })
    .sort({ requestedAt: 1 })
    .toArray();
  return stored.map(runFrom);
}

/** Runs, newest first. `before`: those after this one in that order. */
export async function listRuns(
  db: mongo.Db,
  filter: { readonly program?: string; readonly state?: ReconcileState },
  limit: number,
  before?: { readonly requestedAt: Date; readonly id: string },
): Promise<ReconcileRun[]> {
  const after = before && {
    $or: [{ requestedAt: { $lt: before.requestedAt } }, { requestedAt: before.requestedAt, _id: { $lt: before.id } }],
  };
  const stored = await runs(db)
    .find({ ...filter, ...after } as mongo.Filter<StoredRun>)
    .sort({ requestedAt: -1, _id: -1 })
    .limit(limit)
    .toArray();
  return stored.map(runFrom);
}

/** Forgets runs that ended before this time. Returns how many. */
export async function forgetRunsBefore(db: mongo.Db, time: Date): Promise<number> {
  const forgotten = await runs(db).deleteMany({
    requestedAt: { $lt: time },
    state: { $nin: ['requested', 'running'] },
  });
  return forgotten.deletedCount;
}

function storedRun({ id, ...run }: ReconcileRun): StoredRun {
  return { _id: id, ...(toStored(run) as object) };
}

function runFrom({ _id, ...stored }: StoredRun): ReconcileRun {
  return { id: _id, ...(fromStored(stored) as Omit<ReconcileRun, 'id'>) };
}
