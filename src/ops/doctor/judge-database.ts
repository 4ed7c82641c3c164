import type { Failure } from './check.js';
import { fail, ok, warn, type Judgement } from './finding.js';
import { listed } from './words.js';

/** An answer slower than this slows every event down, in milliseconds: a batch takes several. */
const SLOW_ANSWER_MS = 250;
/** Clocks this far apart make a worker's status look stale or fresh when it is not, in milliseconds. */
const CLOCKS_APART_MS = 5_000;

/** The server as it presents itself. */
export interface ServerReading {
  readonly ms: number;
  readonly version: string;
  readonly kind: 'replica set' | 'sharded cluster' | 'single server';
}

/** Whether the database answers, and how fast. */
export function judgeServer({ ms, version, kind }: ServerReading): Judgement {
  const found = `in ${Math.round(ms)} ms, version ${version}, ${kind}`;
  if (ms <= SLOW_ANSWER_MS) return ok(found);
  return warn(found, 'Every batch of events takes several round trips: run the worker nearer to the database.');
}

/** It does not answer at all. */
export function judgeNoServer({ message }: Failure): Judgement {
  return fail(
    message,
    'Check MONGODB_URI (host, port, user, password, replicaSet), that the server is up, and that this machine may reach it.',
  );
}

/** Transactions work; `wrote`: one that writes was tried as well, and taken back. */
export function judgeTransactions({ wrote }: { readonly wrote: boolean }): Judgement {
  return ok(wrote ? 'one that reads was committed, one that writes was taken back' : 'one that reads was committed');
}

/** Transactions do not work. */
export function judgeNoTransactions({ message }: Failure): Judgement {
  return fail(
    message,
    'Every process of mooring refuses to start without them: start mongod with --replSet rs0 and run rs.initiate() once, and let the user of MONGODB_URI read and write MONGODB_DATABASE.',
  );
}

/** Indexes that are wanted and not there, as `collection (field, field)`. */
export interface IndexesReading {
  readonly wanted: number;
  readonly missing: readonly string[];
  /** No collection of mooring's exists. */
  readonly isEmpty: boolean;
}

/** Whether the indexes are there. */
export function judgeIndexes({ wanted, missing, isEmpty }: IndexesReading): Judgement {
  if (isEmpty) return ok('the database is empty: the first process that starts makes them');
  if (missing.length === 0) return ok(`all ${wanted} there`);
  return fail(
    `${missing.length} of ${wanted} missing: ${listed(missing)}`,
    'Restart the worker and the API: whatever starts makes them. Before that, make room for the load of building them.',
  );
}

/** The chain that the database was filled from, and those that the endpoints lead to. */
export interface BindingReading {
  readonly bound: string | null;
  /** Endpoints that answered. */
  readonly seen: readonly { readonly name: string; readonly hash: string }[];
}

/** Whether the database belongs to the chain that is asked. */
export function judgeBinding({ bound, seen }: BindingReading): Judgement {
  if (bound === null) return ok('to none yet: the first process that starts binds it');
  if (seen.length === 0) return ok(`genesis ${bound}; no endpoint answered, so nothing was compared`);
  if (seen.some(({ hash }) => hash === bound)) return ok(`genesis ${bound}, where the endpoints lead as well`);
  return fail(
    `genesis ${bound}, but ${seen.map(({ name, hash }) => `${name} leads to ${hash}`).join(', ')}`,
    'Use endpoints of that chain in SOLANA_RPC_URL, or another MONGODB_DATABASE for this one.',
  );
}

/** How far the server's clock is from ours, positive where ours is ahead; null: it does not tell. */
export type ClockReading = { readonly aheadMs: number; readonly uncertainMs: number } | null;

/** Whether the clocks agree. Nothing is decided by them, but what people are shown is. */
export function judgeClock(reading: ClockReading): Judgement | null {
  if (reading === null) return null;
  const { aheadMs, uncertainMs } = reading;
  const apart = Math.round(Math.abs(aheadMs));
  if (apart - uncertainMs <= CLOCKS_APART_MS)
    return ok(apart <= uncertainMs ? 'the same as here' : `${apart} ms from the one here`);
  return warn(
    `this machine is ${Math.round(apart / 1_000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the server of the database`,
    'Set both by NTP: statuses of workers look stale or fresh when they are not.',
  );
}
