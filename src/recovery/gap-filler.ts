import { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import { walkSignatures, type WalkFailure } from '../chain/signature-pages.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { messageOf } from '../lib/errors.js';
import type { Clock } from '../lib/clock.js';
import type { Commitment } from '../lib/commitment.js';
import type { Log } from '../lib/log.js';
import { readParkedTransactions } from '../ledger/dead-letter.js';
import { advanceFrontier, beginFrontier, readFrontier } from '../ledger/frontier.js';
import type { Ingest, Notice } from '../pipeline/ingest.js';

/**
 * How far below the frontier each walk looks again, in slots: history is transiently incomplete (solana#21843), and
 * the order within a slot differs between nodes.
 */
const OVERLAP_SLOTS = 64;
/** Transactions taken in at once: bounds memory, and how much is fetched again after a crash. */
const NOTICES_PER_TAKE = 200;

/** What the gap filler needs. */
export interface GapFillerDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly ingest: Ingest;
  /** A chain that does not change nodes midway: the finalized slot and the walk must come from the same one. */
  readonly pinnedChain: () => ChainPort;
  /** Where history begins for a program that has no frontier yet; 0 = as far back as the endpoint's history goes. */
  readonly startSlot: number;
  /** Ends a walk between two pages: a long one must not outlive the lease it runs under. */
  readonly signal?: AbortSignal;
}

/** Why a sweep stopped: what the chain said or failed to say, a transaction nobody could give now, or the database. */
export type SweepStop = WalkFailure | 'fetch-failed' | 'database-failed' | 'told-to';

/** What a sweep did. A failed one left the frontier where it was: the next one starts from there (I4). */
export type SweepOutcome =
  | { readonly kind: 'complete'; readonly frontier: number; readonly found: number }
  | { readonly kind: 'stopped'; readonly reason: SweepStop; readonly detail: string };

/**
 * Looks for transactions that no socket announced, and moves the frontier. Two walks: at finalized, from the head down
 * to below the frontier, which alone moves it; at confirmed, for what happened since, which moves nothing.
 */
export async function sweep(dependencies: GapFillerDependencies, module: DomainModule): Promise<SweepOutcome> {
  const chain = dependencies.pinnedChain();
  try {
    // Read before the walk: what lands while it runs is above this slot and left to the next one.
    const finalizedSlot = await chain.slot('finalized');
    const frontier = await readFrontier(dependencies.db, module.name);
    const { startSlot } = dependencies;
    const fromSlot = frontier ? Math.max(frontier.since, frontier.slot - OVERLAP_SLOTS) : startSlot;

    const recent = await walkAndTake(dependencies, module, chain, fromSlot, 'confirmed');
    const final = await walkAndTake(dependencies, module, chain, fromSlot, 'finalized');
    const now = new Date(dependencies.clock.now());
    if (final.kind === 'stopped') {
      const asFarAsItGoes = frontier === null && startSlot === 0 && final.reason === 'history-missing';
      if (!asFarAsItGoes) return final;
      await begin(dependencies, module, await chain.firstAvailableBlock());
    } else if (frontier === null) {
      await begin(dependencies, module, startSlot);
    }
    await advanceFrontier(dependencies.db, module.name, finalizedSlot, now);
    const found = [recent, final].reduce((sum, walk) => sum + (walk.kind === 'walked' ? walk.found : 0), 0);
    return { kind: 'complete', frontier: finalizedSlot, found };
  } catch (error) {
    if (error instanceof RpcError) return { kind: 'stopped', reason: error.reason, detail: messageOf(error) };
    if (error instanceof mongo.MongoError) {
      return { kind: 'stopped', reason: 'database-failed', detail: messageOf(error) };
    }
    throw error;
  }
}

/**
 * The first whole walk decides where the ledger's history begins, and says so: from then on "complete" means from there.
 * With START_SLOT=0 that is where the node's own history begins, asked after the walk: a node that prunes while it is
 * walked has no fixed beginning before. What came earlier it cannot give, and its silence must not pass for completeness.
 */
async function begin({ db, clock, log }: GapFillerDependencies, module: DomainModule, since: number): Promise<void> {
  log.info(
    { program: module.name, since },
    'history begins at this slot: the endpoint has none before, or START_SLOT says so',
  );
  await beginFrontier(db, module.name, since, new Date(clock.now()));
}

const TOLD_TO_STOP = { kind: 'stopped', reason: 'told-to', detail: 'the lease was given up or lost' } as const;

async function walkAndTake(
  { db, ingest, log, signal }: GapFillerDependencies,
  module: DomainModule,
  chain: ChainPort,
  fromSlot: number,
  commitment: Commitment,
): Promise<{ readonly kind: 'walked'; readonly found: number } | Extract<SweepOutcome, { kind: 'stopped' }>> {
  const walk = walkSignatures(chain, module.program.address, { fromSlot, commitment });
  let found = 0;
  for (;;) {
    if (signal?.aborted) return TOLD_TO_STOP;
    const step = await walk.next();
    if (step.done) {
      if (step.value.reached) return { kind: 'walked', found };
      return { kind: 'stopped', reason: step.value.reason, detail: explain(step.value.reason, fromSlot) };
    }
    const notices = step.value.signatures.map(({ signature, slot, failed }): Notice => ({
      signature,
      slot,
      failed,
      source: 'sweep',
    }));
    const unknown = await ingest.unknown(notices);
    const parked = await readParkedTransactions(
      db,
      unknown.map(({ signature }) => signature),
    );
    const wanted = unknown.filter(({ signature }) => !parked.has(signature));
    for (let start = 0; start < wanted.length; start += NOTICES_PER_TAKE) {
      if (signal?.aborted) return TOLD_TO_STOP;
      const chunk = wanted.slice(start, start + NOTICES_PER_TAKE);
      const outcomes = await ingest.take(chunk, commitment);
      for (const [position, outcome] of outcomes.entries()) {
        const notice = chunk[position];
        if (!notice) continue;
        if (outcome.kind === 'stored') {
          if (outcome.inserted > 0) found += 1;
          continue;
        }
        // A confirmed walk only hurries: what it cannot get, the finalized one gets or parks.
        if (commitment === 'confirmed') continue;
        if (!outcome.permanent) return { kind: 'stopped', reason: 'fetch-failed', detail: outcome.reason };
        log.error({ signature: notice.signature, slot: notice.slot, reason: outcome.reason }, 'transaction parked');
        await ingest.park(notice, outcome.reason);
      }
    }
  }
}

function explain(reason: WalkFailure, fromSlot: number): string {
  if (reason === 'history-missing') {
    return `the node has no history back to slot ${fromSlot}: use an endpoint that has, or set START_SLOT to where your history begins`;
  }
  return `the walk back to slot ${fromSlot} ended early`;
}
