import type { mongo } from 'mongoose';
import PQueue from 'p-queue';
import type { SignatureInfo } from '../chain/chain-port.js';
import type { SignaturePage, WalkOutcome } from '../chain/signature-pages.js';
import type { Commitment } from '../lib/commitment.js';
import type { Log } from '../lib/log.js';
import { readParkedTransactions } from '../ledger/dead-letter.js';
import type { RecordSource } from '../ledger/ledger-record.js';
import type { Ingest, Notice } from '../pipeline/ingest.js';

/** Transactions taken in at once: bounds what a crash costs, and what one insert carries. */
const NOTICES_PER_TAKE = 200;
/**
 * Takes under way: while one is stored, the next ones keep the endpoint busy. How many of their transactions are fetched
 * at a time is the fetcher's and the endpoint's to say.
 */
const TAKES_AT_ONCE = 3;
/** Pages whose transactions are being taken in while the next page is listed: two, so that no page's end is waited for. */
const PAGES_AT_ONCE = 2;

interface TakeDependencies {
  readonly db: mongo.Db;
  readonly log: Log;
  readonly ingest: Ingest;
  readonly signal?: AbortSignal | undefined;
}

/** What became of the transactions of a walk so far. */
export interface TakeCounts {
  /** Listed, failed ones included. */
  readonly listed: number;
  /** Known before, or without anything for the ledger: failed, or seen to hold no events. */
  readonly known: number;
  /** Fetched, and new to the ledger. */
  readonly found: number;
  readonly events: number;
  /** Nobody could give them; kept as dead letters. */
  readonly parked: number;
}

/** Counts of nothing. */
export const NOTHING_TAKEN: TakeCounts = { listed: 0, known: 0, found: 0, events: 0, parked: 0 };

/** Counts of two parts of a walk together. */
export function sumOfCounts(one: TakeCounts, other: TakeCounts): TakeCounts {
  return {
    listed: one.listed + other.listed,
    known: one.known + other.known,
    found: one.found + other.found,
    events: one.events + other.events,
    parked: one.parked + other.parked,
  };
}

/** How a walk's transactions are taken in. */
export interface TakeOptions {
  readonly commitment: Commitment;
  readonly source: RecordSource;
  /** Which of those listed are taken in. */
  readonly wanted: (info: SignatureInfo) => boolean;
  /** Counts what would be fetched as found, and fetches nothing. */
  readonly dryRun?: boolean;
  /** Called page by page in the order of the walk, each when everything it lists is durable. What it throws ends the walk. */
  readonly onDurable: (page: SignaturePage, counts: TakeCounts) => Promise<void>;
}

/** How taking a walk ended; in the first case everything listed is durable. */
export type TakeOutcome =
  | { readonly kind: 'ended'; readonly walk: WalkOutcome }
  | { readonly kind: 'stopped'; readonly reason: 'told-to' | 'fetch-failed'; readonly detail: string };

type Stop = Extract<TakeOutcome, { kind: 'stopped' }>;
type PageResult = { readonly kind: 'durable'; readonly counts: TakeCounts } | Stop;

const TOLD_TO: Stop = {
  kind: 'stopped',
  reason: 'told-to',
  detail: 'the lease was given up or lost, or somebody asked',
};

/**
 * Takes everything a walk lists into the ledger. The next page is listed and fetched while the transactions of the last
 * ones are stored. At finalized a transaction that nobody has is parked, and one that cannot be had just now ends the
 * walk; at confirmed both are left to the finalized walk.
 */
export async function takeWalk(
  dependencies: TakeDependencies,
  walk: AsyncGenerator<SignaturePage, WalkOutcome, void>,
  options: TakeOptions,
): Promise<TakeOutcome> {
  const halted = new AbortController();
  const signal = dependencies.signal ? AbortSignal.any([dependencies.signal, halted.signal]) : halted.signal;
  const takes = new PQueue({ concurrency: TAKES_AT_ONCE });
  const underWay: { readonly page: SignaturePage; readonly result: Promise<PageResult> }[] = [];
  let listing: ReturnType<typeof walk.next> = walk.next();
  const settleOldest = async (): Promise<Stop | null> => {
    const oldest = underWay[0];
    if (!oldest) return null;
    const result = await oldest.result;
    underWay.shift();
    if (result.kind === 'stopped') return result;
    await options.onDurable(oldest.page, result.counts);
    return null;
  };
  try {
    for (;;) {
      if (signal.aborted) {
        // What was fetched for it is not fetched again.
        while (underWay.length > 0 && !(await settleOldest()));
        return TOLD_TO;
      }
      const step = await listing;
      if (step.done) {
        while (underWay.length > 0) {
          const stop = await settleOldest();
          if (stop) return stop;
        }
        return { kind: 'ended', walk: step.value };
      }
      listing = walk.next();
      listing.catch(() => undefined);
      const result = takePage({ ...dependencies, signal }, takes, step.value, options);
      result.catch(() => undefined);
      underWay.push({ page: step.value, result });
      const stop = underWay.length < PAGES_AT_ONCE ? null : await settleOldest();
      if (stop) return stop;
    }
  } finally {
    // Nothing of it goes on behind the caller's back.
    halted.abort();
    await Promise.allSettled([listing, ...underWay.map(({ result }) => result)]);
  }
}

async function takePage(
  { db, log, ingest, signal }: TakeDependencies,
  takes: PQueue,
  { signatures }: SignaturePage,
  { commitment, source, dryRun, wanted }: TakeOptions,
): Promise<PageResult> {
  const listed = signatures.filter(wanted);
  const notices = listed.map(({ signature, slot, failed }): Notice => ({ signature, slot, failed, source }));
  const unknown = await ingest.unknown(notices, commitment);
  const parkedBefore = await readParkedTransactions(
    db,
    ingest.module.name,
    unknown.map(({ signature }) => signature),
  );
  const missing = unknown.filter(({ signature }) => !parkedBefore.has(signature));

  const takeChunk = async (chunk: readonly Notice[]): Promise<PageResult> => {
    if (signal?.aborted) return TOLD_TO;
    let [found, events, parked] = [0, 0, 0];
    const outcomes = await ingest.take(chunk, commitment);
    for (const [position, outcome] of outcomes.entries()) {
      const notice = chunk[position];
      if (!notice) continue;
      if (outcome.kind === 'stored') {
        if (outcome.inserted > 0) found += 1;
        events += outcome.inserted;
        continue;
      }
      // A confirmed walk only hurries: what it cannot get, the finalized one gets or parks.
      if (commitment === 'confirmed') continue;
      if (!outcome.permanent) return { kind: 'stopped', reason: 'fetch-failed', detail: outcome.reason };
      log.error({ signature: notice.signature, slot: notice.slot, reason: outcome.reason }, 'transaction parked');
      await ingest.park(notice, outcome.reason);
      parked += 1;
    }
    return { kind: 'durable', counts: { listed: 0, known: 0, found, events, parked } };
  };
  if (dryRun) {
    const known = listed.length - missing.length;
    return { kind: 'durable', counts: { ...NOTHING_TAKEN, listed: listed.length, known, found: missing.length } };
  }
  const results = await Promise.all(chunksOf(missing).map((chunk) => takes.add(() => takeChunk(chunk))));
  let counts: TakeCounts = { ...NOTHING_TAKEN, listed: listed.length };
  for (const result of results) {
    if (result.kind === 'stopped') return result;
    counts = sumOfCounts(counts, result.counts);
  }
  return { kind: 'durable', counts: { ...counts, known: counts.listed - counts.found - counts.parked } };
}

function chunksOf(notices: readonly Notice[]): Notice[][] {
  const count = Math.ceil(notices.length / NOTICES_PER_TAKE);
  return Array.from({ length: count }, (_, chunk) =>
    notices.slice(chunk * NOTICES_PER_TAKE, (chunk + 1) * NOTICES_PER_TAKE),
  );
}
