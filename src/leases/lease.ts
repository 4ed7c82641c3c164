import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import { messageOf, MooringError } from '../lib/errors.js';

/** A right that one process holds at a time. The fence rises with every change of hands. */
export interface HeldLease {
  readonly name: string;
  readonly holder: string;
  readonly fence: number;
  /**
   * Every transaction made under the lease runs in this session. Its id stands in the lease's document, so that a
   * successor can end what a holder that died or froze left open.
   */
  readonly session: mongo.ClientSession;
}

interface LeaseDocument {
  _id: string;
  /** Empty when the last holder gave it up. */
  holder: string;
  fence: number;
  /** Raised by every transaction made under the lease. */
  beat: number;
  /** Id of the holder's session; null when the last holder gave the lease up. */
  session: mongo.Binary | null;
}

/**
 * Raised by every renewal. A document of its own: a renewal of the lease's document in the middle of a transaction that
 * ends with touching it would make that transaction conflict, and one that takes longer than the time between two
 * renewals would conflict for ever ([ran]).
 */
interface BeatDocument {
  _id: string;
  beat: number;
}

/** Thrown by a write whose lease has moved on: the holder must stop at once (I8). */
export class StaleFenceError extends MooringError {
  override readonly name = 'StaleFenceError';
  constructor(lease: HeldLease, options?: ErrorOptions) {
    super('stale-fence', `The lease ${lease.name} (fence ${lease.fence}) is held by another process now.`, options);
  }
}

function leases(db: mongo.Db): mongo.Collection<LeaseDocument> {
  return db.collection<LeaseDocument>('leases');
}

function beats(db: mongo.Db): mongo.Collection<BeatDocument> {
  return db.collection<BeatDocument>('leases');
}

/** The document that counts the renewals of a lease. */
export function beatId(name: string): string {
  return `beat:${name}`;
}

/** What a candidate has seen of a lease, on its own clock. */
export interface LeaseObservation {
  readonly fence: number;
  /** Renewals and transactions together: whoever sees it move knows that the holder lives. */
  readonly beat: number;
  readonly holder: string;
  readonly sinceMonotonicMs: number;
}

/**
 * May a candidate take the lease? Only when it was given up, or when its beat stood still for the whole term as seen
 * by the candidate's own monotonic clock: no two clocks are ever compared.
 */
export function mayTake(observed: LeaseObservation, nowMonotonicMs: number, termMs: number): boolean {
  return observed.holder === '' || nowMonotonicMs - observed.sinceMonotonicMs >= termMs;
}

/** Taken, or what was seen of it instead. */
export type AcquireOutcome =
  | {
      readonly held: HeldLease;
      /** Why the session of the holder before could not be ended; null when it was, or there was none to end. */
      readonly sessionLeftOpen: string | null;
    }
  | { readonly held: null; readonly observed: LeaseObservation };

/**
 * Takes the named lease if it is free, given up, or stood still for `termMs`. Call it again and again with the
 * observation it returned: standing still can only be seen over time.
 *
 * The session of a holder that stood still is ended first: a process that was killed or stopped inside a transaction
 * keeps the locks of what it wrote, up to 60 s by default, and the lease itself may be among it. A holder that lives
 * after all loses that transaction, not the lease, and its driver runs it again.
 */
export async function tryAcquire(
  db: mongo.Db,
  clock: Clock,
  name: string,
  holder: string,
  termMs: number,
  previous: LeaseObservation | null,
): Promise<AcquireOutcome> {
  const current = await readOrCreate(db, name);
  if (!current) throw new MooringError('lease-lost', `The lease ${name} vanished from the database while being read.`);
  const beat = current.beat + ((await beats(db).findOne({ _id: beatId(name) }))?.beat ?? 0);

  const unmoved = previous?.fence === current.fence && previous.beat === beat && previous.holder === current.holder;
  const observed: LeaseObservation = unmoved
    ? previous
    : { fence: current.fence, beat, holder: current.holder, sinceMonotonicMs: clock.monotonic() };
  if (!mayTake(observed, clock.monotonic(), termMs)) return { held: null, observed };

  const isGivenUp = current.holder === '';
  const sessionLeftOpen = isGivenUp || !current.session ? null : await endSession(db, current.session);
  // Not causally consistent: its transactions follow each other on the primary, each from a snapshot of its own.
  const session = db.client.startSession({ causalConsistency: false });
  let isTaken = false;
  try {
    const taken = await leases(db).updateOne(
      { _id: name, fence: current.fence, beat: current.beat, holder: current.holder },
      { $set: { holder, session: session.id?.id ?? null }, $inc: { fence: 1, beat: 1 } },
    );
    isTaken = taken.modifiedCount === 1;
  } finally {
    if (!isTaken) await session.endSession();
  }
  if (isTaken) return { held: { name, holder, fence: current.fence + 1, session }, sessionLeftOpen };
  return { held: null, observed: { ...observed, sinceMonotonicMs: clock.monotonic() } };
}

/**
 * Ends a session of another process with everything it left open; with access control, one of the same database user.
 * Null when done, otherwise what the server said: some hosted ones do not offer it.
 * https://www.mongodb.com/docs/manual/reference/command/killSessions/
 */
async function endSession(db: mongo.Db, id: mongo.Binary): Promise<string | null> {
  try {
    await db.admin().command({ killSessions: [{ id }] });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** Candidates look often: an upsert each time could get into the way of the holder's transactions. */
async function readOrCreate(db: mongo.Db, name: string): Promise<LeaseDocument | null> {
  const existing = await leases(db).findOne({ _id: name });
  if (existing) return existing;
  await leases(db).updateOne(
    { _id: name },
    { $setOnInsert: { holder: '', fence: 0, beat: 0, session: null } },
    { upsert: true },
  );
  return leases(db).findOne({ _id: name });
}

/** Does the lease still belong to this holder? */
export async function isHeld(db: mongo.Db, lease: HeldLease): Promise<boolean> {
  return (await leases(db).findOne({ _id: lease.name, holder: lease.holder, fence: lease.fence })) !== null;
}

/** Shows that the holder lives. False: the lease is somebody else's now. */
export async function renew(db: mongo.Db, lease: HeldLease): Promise<boolean> {
  if (!(await isHeld(db, lease))) return false;
  // Should the lease change hands just now, this beat delays the next change by a term at most.
  await beats(db).updateOne({ _id: beatId(lease.name) }, { $inc: { beat: 1 } }, { upsert: true });
  return true;
}

/** Gives the lease up, so that the next candidate need not wait for the term. */
export async function release(db: mongo.Db, lease: HeldLease): Promise<void> {
  await leases(db).updateOne(
    { _id: lease.name, holder: lease.holder, fence: lease.fence },
    { $set: { holder: '', session: null }, $inc: { beat: 1 } },
  );
  // Only now may the session be used for something else: until then a successor might have ended it.
  await lease.session.endSession();
}

/**
 * The last statement of every transaction made under a lease: a stale holder's transaction finds another fence and
 * aborts as a whole (I8). Last, because a process that is stopped in the middle of a transaction blocks writers of
 * what it touched: touched early, a frozen holder would keep others from taking over (TRAPS 23).
 * @throws StaleFenceError
 */
export async function touchLease(db: mongo.Db, lease: HeldLease, session: mongo.ClientSession): Promise<void> {
  const touched = await leases(db).updateOne(
    { _id: lease.name, holder: lease.holder, fence: lease.fence },
    { $inc: { beat: 1 } },
    { session },
  );
  if (touched.matchedCount !== 1) throw new StaleFenceError(lease);
}
