import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import type { PageCursor } from '../chain/page-cursor.js';
import { walkSignatures, type WalkFailure } from '../chain/signature-pages.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Log } from '../lib/log.js';
import { readFinalTransactions } from '../ledger/read-records.js';
import type { Ingest } from '../pipeline/ingest.js';
import type { Listing } from './listing-digest.js';
import { SpanListing, type ListedSlots, type Span, type WalkPosition } from './span-listing.js';
import { takeWalk, type TakeCounts } from './take-walk.js';

/** An endpoint that walks are made on: a chain that speaks to this one alone. */
export interface WalkEndpoint {
  /** Tells it from the others, and from the ones of an earlier run: a cursor is only good where it came from. */
  readonly name: string;
  readonly chain: Pick<ChainPort, 'slot' | 'signaturesFor' | 'firstAvailableBlock' | 'signatureStatuses'>;
}

export interface WalkDependencies {
  readonly db: mongo.Db;
  readonly log: Log;
  readonly ingest: Ingest;
  /** Ends a walk between two steps. */
  readonly signal?: AbortSignal | undefined;
  /** Signatures a page, 1..1000. */
  readonly pageSize: number;
}

export interface SpanWalk {
  readonly span: Span;
  /** Where an interrupted walk on this endpoint stopped. */
  readonly startAt: WalkPosition | null;
  /** Where a walk that begins may begin: a transaction above the span, known to this endpoint. */
  readonly startBelow?: PageCursor | undefined;
  readonly source: 'sweep' | 'backfill';
  /** Lists and counts, and takes in nothing. */
  readonly dryRun?: boolean;
  /** After each page, once it is durable: where to go on (null on the last), and the oldest slot seen so far. */
  readonly onDurable: (position: WalkPosition | null, counts: TakeCounts, atSlot: number) => Promise<void>;
}

/** Why a span was not walked to its beginning. */
export type SpanStop =
  | WalkFailure
  /** A transaction could not be had just now. */
  | 'fetch-failed'
  /** The ledger holds final transactions that this endpoint does not list. */
  | 'history-lost'
  | 'told-to';

export type SpanOutcome =
  | { readonly kind: 'walked'; readonly listing: Listing }
  | { readonly kind: 'stopped'; readonly reason: SpanStop; readonly detail: string };

/**
 * Walks a span at finalized on one endpoint, takes in whatever the ledger lacks, and tells what the endpoint listed. One
 * that does not list what the ledger knows to be final has lost history, and its walk counts for nothing.
 */
export async function walkSpan(
  dependencies: WalkDependencies,
  module: DomainModule,
  { chain, name }: WalkEndpoint,
  { span, startAt, startBelow, source, dryRun = false, onDurable }: SpanWalk,
): Promise<SpanOutcome> {
  const listing = new SpanListing(span, startAt);
  const cursor = startAt?.cursor ?? startBelow;
  const walk = walkSignatures(chain, module.program.address, {
    fromSlot: span.fromSlot,
    commitment: 'finalized',
    ...(cursor === undefined ? {} : { startAt: cursor }),
    pageSize: dependencies.pageSize,
  });
  const lost: string[] = [];
  const compare = async (full: ListedSlots | null) => {
    if (full) lost.push(...(await findLost(dependencies.db, module.name, full)));
  };
  const taken = await takeWalk(dependencies, walk, {
    commitment: 'finalized',
    source,
    dryRun,
    wanted: ({ slot }) => slot <= span.toSlot,
    onDurable: async (page, counts) => {
      const { position, full } = listing.add(page);
      await compare(full);
      // Where it lost something, nobody goes on.
      await onDurable(lost.length === 0 ? position : null, counts, position?.cursor.slot ?? span.fromSlot);
    },
  });
  if (taken.kind === 'stopped') return taken;
  if (!taken.walk.reached) {
    const { reason } = taken.walk;
    return { kind: 'stopped', reason, detail: explain(reason, name, span) };
  }
  const { listing: listed, full } = listing.end();
  await compare(full);
  const [first] = lost;
  if (first !== undefined) {
    const detail = `${name} does not list ${lost.length} transactions that were final, such as ${first}`;
    return { kind: 'stopped', reason: 'history-lost', detail };
  }
  return { kind: 'walked', listing: listed };
}

/** The final transactions of the ledger that were not listed where they are. */
async function findLost(db: mongo.Db, program: string, full: ListedSlots): Promise<string[]> {
  const known = await readFinalTransactions(db, program, full.fromSlot, full.toSlot);
  return [...known].flatMap(([signature, slot]) => (full.slotOf.get(signature) === slot ? [] : [signature]));
}

function explain(reason: WalkFailure, name: string, { fromSlot }: Span): string {
  if (reason === 'history-missing') {
    return `${name} has no history back to slot ${fromSlot}: use an endpoint that has, or set START_SLOT to where your history begins`;
  }
  return `the walk back to slot ${fromSlot} on ${name} ended early`;
}
