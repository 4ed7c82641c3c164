import { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { StaleFenceError, touchLease, type HeldLease } from '../leases/lease.js';
import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { messageOf, MooringError } from '../lib/errors.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { markFailed } from '../ledger/mark-records.js';
import type { HandledWrites } from './project.js';
import { commitChange, NO_CHANGE } from './projection-store.js';
import { runHandler } from './run-handler.js';

/** How often a failing handler is tried, and how long in between. */
export interface HandlerRetryPolicy {
  readonly attempts: number;
  readonly backoff: BackoffPolicy;
}

interface ApplyDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly random: () => number;
  readonly retry: HandlerRetryPolicy;
}

/** A record that could not be applied this time. */
export interface FailedRecord {
  readonly record: LedgerRecord;
  readonly error: string;
  /** True when it will not be tried again by itself. */
  readonly dead: boolean;
}

type Failure = Pick<FailedRecord, 'record' | 'error'>;

/** What became of a batch. */
export interface ApplyOutcome {
  readonly applied: readonly LedgerRecord[];
  readonly failed: readonly FailedRecord[];
}

/**
 * Applies received records: handlers first, so that one that throws fails alone; then one transaction for all the
 * others. When that fails for one document's sake, halves of the batch are tried until the culprit stands alone.
 * @throws StaleFenceError, and whatever says that the database itself is in trouble.
 */
export async function applyReceived(
  dependencies: ApplyDependencies,
  lease: HeldLease,
  module: DomainModule,
  records: readonly LedgerRecord[],
): Promise<ApplyOutcome> {
  const ready: HandledWrites[] = [];
  const thrown: Failure[] = [];
  for (const record of records) {
    const outcome = runHandler(module, record);
    if (outcome.ok) ready.push({ record, writes: outcome.writes });
    else thrown.push({ record, error: outcome.error });
  }
  const failed = await noteFailures(dependencies, lease, thrown);
  const committed = await commitOrBisect(dependencies, lease, module, ready);
  return { applied: committed.applied, failed: [...failed, ...committed.failed] };
}

async function commitOrBisect(
  dependencies: ApplyDependencies,
  lease: HeldLease,
  module: DomainModule,
  ready: readonly HandledWrites[],
): Promise<ApplyOutcome> {
  const first = ready[0];
  if (!first) return { applied: [], failed: [] };
  try {
    const { db, clock } = dependencies;
    await commitChange(db, lease, module, { ...NO_CHANGE, apply: ready }, new Date(clock.now()));
    return { applied: ready.map(({ record }) => record), failed: [] };
  } catch (error) {
    if (!isOneDocumentsFault(error)) throw error;
    if (ready.length === 1) {
      const failure = { record: first.record, error: messageOf(error) };
      return { applied: [], failed: await noteFailures(dependencies, lease, [failure]) };
    }
    const middle = Math.ceil(ready.length / 2);
    const left = await commitOrBisect(dependencies, lease, module, ready.slice(0, middle));
    const right = await commitOrBisect(dependencies, lease, module, ready.slice(middle));
    return { applied: [...left.applied, ...right.applied], failed: [...left.failed, ...right.failed] };
  }
}

/** Under the lease like every other write: a holder that has lost it counts no attempts either (I8). */
async function noteFailures(
  { db, clock, random, retry }: ApplyDependencies,
  lease: HeldLease,
  failures: readonly Failure[],
): Promise<FailedRecord[]> {
  if (failures.length === 0) return [];
  const noted = failures.map(({ record, error }) => {
    const attempts = record.attempts + 1;
    const dead = attempts >= retry.attempts;
    const nextAttemptAt = dead ? null : new Date(clock.now() + backoffMs(retry.backoff, attempts - 1, random));
    return { record, error, dead, mark: { id: record._id, error, attempts, nextAttemptAt } };
  });
  await inLeaseTransaction(db, lease, async (session) => {
    await markFailed(
      db,
      session,
      noted.map(({ mark }) => mark),
    );
    await touchLease(db, lease, session);
  });
  return noted.map(({ record, error, dead }) => ({ record, error, dead }));
}

/**
 * MongoDB's codes for a write that fails because of the document itself, wherever and whenever it is tried: duplicate
 * key (a unique index of people's own), validation, too large, bad value, wrong type, path conflict, too long a key.
 * https://www.mongodb.com/docs/manual/reference/error-codes/
 */
const DOCUMENT_FAULTS = new Set([2, 14, 28, 17280, 40, 52, 54, 57, 121, 10334, 11000, 17419, 17420]);

/** Does this failure stay with one document, so that everything else can go on? */
export function isOneDocumentsFault(error: unknown): boolean {
  if (error instanceof StaleFenceError) return false;
  if (error instanceof MooringError) return false;
  // What a handler gave cannot be written: an invalid date, a circle, more than 16 MB.
  if (error instanceof RangeError || error instanceof TypeError || error instanceof mongo.BSON.BSONError) return true;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' && DOCUMENT_FAULTS.has(code);
}
