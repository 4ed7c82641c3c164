import { mongo } from 'mongoose';
import { RpcError } from '../chain/rpc-error.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { messageOf } from '../lib/errors.js';
import type { Clock } from '../lib/clock.js';
import {
  advanceFrontier,
  beginFrontier,
  readSweepState,
  storeWalks,
  type Frontier,
  type StoredWalks,
} from '../ledger/frontier.js';
import {
  chooseWalkers,
  walkUntilAgreed,
  type AgreeingOutcome,
  type Walkers,
  type WalkersOutcome,
} from './agreeing-walks.js';
import type { Span } from './span-listing.js';
import type { WalkDependencies, WalkEndpoint } from './walk-span.js';

/**
 * How far below the frontier each walk looks again, in slots: history is transiently incomplete (solana#21843), and
 * the order within a slot differs between nodes.
 */
const OVERLAP_SLOTS = 64;
/**
 * How far above the oldest block of a node that prunes while it is walked history is said to begin, in slots: ten
 * minutes, in which the remaining walks list a million transactions.
 */
const PRUNING_MARGIN_SLOTS = 1_500;

/** What the gap filler needs. */
export interface GapFillerDependencies extends WalkDependencies {
  readonly clock: Clock;
  /** In order of preference, asked once a sweep. Two different ones give better opinions than one asked twice. */
  readonly endpoints: () => readonly WalkEndpoint[];
  /** Where history begins for a program that has no frontier yet; 0 = as far back as the endpoint's history goes. */
  readonly startSlot: number;
}

/** Why a sweep stopped: what the chain said or failed to say, a transaction nobody could give now, or the database. */
export type SweepStop = Extract<WalkersOutcome | AgreeingOutcome, { kind: 'stopped' }>['reason'] | 'database-failed';

/** What a sweep did. A failed one left the frontier where it was: the next one starts from there (I4). */
export type SweepOutcome =
  | { readonly kind: 'complete'; readonly frontier: number; readonly found: number }
  | { readonly kind: 'stopped'; readonly reason: SweepStop; readonly detail: string };

/**
 * Looks for finalized transactions that nobody announced, and moves the frontier to the finalized head once two walks
 * down to below it agree. Long ones are resumed by the next sweep, whichever process makes it. Where nothing new happened
 * it costs, with one endpoint, the finalized slot and two pages; with several, the finalized slot of a second one too; and
 * where the walks reach the end of the history, a page that shows it and the oldest block each: 3 to 8 requests.
 */
export async function sweep(dependencies: GapFillerDependencies, module: DomainModule): Promise<SweepOutcome> {
  try {
    const { frontier, walks } = await readSweepState(dependencies.db, module.name);
    const walkers = await chooseWalkers(dependencies.endpoints(), frontier?.slot ?? 0);
    if (walkers.kind === 'stopped') return walkers;
    return frontier
      ? await moveFrontier(dependencies, module, walkers, frontier, walks)
      : await firstWalks(dependencies, module, walkers, walks);
  } catch (error) {
    if (error instanceof RpcError) return { kind: 'stopped', reason: error.reason, detail: messageOf(error) };
    if (error instanceof mongo.MongoError) {
      return { kind: 'stopped', reason: 'database-failed', detail: messageOf(error) };
    }
    throw error;
  }
}

async function moveFrontier(
  dependencies: GapFillerDependencies,
  module: DomainModule,
  walkers: Walkers,
  frontier: Frontier,
  walks: StoredWalks | null,
): Promise<SweepOutcome> {
  const fromSlot = Math.max(frontier.since, frontier.slot - OVERLAP_SLOTS);
  // What was begun is ended first: a chain that grew meanwhile is the next sweep's.
  const isToResume =
    walks !== null &&
    walks.fromSlot === fromSlot &&
    walks.toSlot > frontier.slot &&
    walks.toSlot <= walkers.finalizedSlot;
  const toSlot = isToResume ? walks.toSlot : walkers.finalizedSlot;
  const outcome = await walk(dependencies, module, walkers, { fromSlot, toSlot }, isToResume ? walks : null);
  if (outcome.kind === 'stopped') return stop(dependencies, module, outcome);
  return move(dependencies, module, toSlot, outcome.counts.found, walks !== null);
}

/**
 * The first walks decide where the ledger's history begins: from then on "complete" means from there. With START_SLOT=0
 * that is where the node's own history begins, as it says before them. What came earlier it cannot give, and its silence
 * must not pass for completeness. A node that has pruned some of it by the end of a walk prunes all the time: then history
 * begins far enough above its oldest block for the next walks to end in time.
 */
async function firstWalks(
  dependencies: GapFillerDependencies,
  module: DomainModule,
  walkers: Walkers,
  walks: StoredWalks | null,
): Promise<SweepOutcome> {
  const { startSlot, db, log, clock } = dependencies;
  const [preferred] = walkers.endpoints;
  const isToResume =
    walks !== null && (startSlot === 0 || walks.fromSlot === startSlot) && walks.toSlot <= walkers.finalizedSlot;
  const oldest = async () => (await preferred?.chain.firstAvailableBlock()) ?? 0;
  let span: Span = isToResume ? walks : { fromSlot: startSlot || (await oldest()), toSlot: walkers.finalizedSlot };
  let outcome = await walk(dependencies, module, walkers, span, isToResume ? walks : null);
  if (startSlot === 0 && outcome.kind === 'stopped' && outcome.reason === 'history-missing') {
    span = { ...span, fromSlot: Math.min((await oldest()) + PRUNING_MARGIN_SLOTS, span.toSlot) };
    outcome = await walk(dependencies, module, walkers, span, null);
  }
  if (outcome.kind === 'stopped') return stop(dependencies, module, outcome);
  log.info(
    { program: module.name, since: span.fromSlot },
    'history begins at this slot: the endpoint has none before, or START_SLOT says so',
  );
  await beginFrontier(db, module.name, span.fromSlot, new Date(clock.now()));
  return move(dependencies, module, span.toSlot, outcome.counts.found, walks !== null);
}

function walk(
  dependencies: GapFillerDependencies,
  module: DomainModule,
  { endpoints }: Walkers,
  span: Span,
  stored: StoredWalks | null,
): Promise<AgreeingOutcome> {
  const store = (walks: StoredWalks) => storeWalks(dependencies.db, module.name, walks);
  return walkUntilAgreed(dependencies, module, { span, endpoints, stored, source: 'sweep', store });
}

async function move(
  { db, clock }: GapFillerDependencies,
  module: DomainModule,
  slot: number,
  found: number,
  hadWalks: boolean,
): Promise<SweepOutcome> {
  const moved = await advanceFrontier(db, module.name, slot, new Date(clock.now()));
  if (!moved && hadWalks) await storeWalks(db, module.name, null);
  return { kind: 'complete', frontier: slot, found };
}

/** Walks that disagree are not continued: history that was incomplete for a while is listed anew. */
async function stop(
  { db }: GapFillerDependencies,
  module: DomainModule,
  outcome: Extract<AgreeingOutcome, { kind: 'stopped' }>,
): Promise<SweepOutcome> {
  if (outcome.reason === 'walks-disagree') await storeWalks(db, module.name, null);
  return outcome;
}
