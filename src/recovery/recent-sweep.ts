import { mongo } from 'mongoose';
import { RpcError } from '../chain/rpc-error.js';
import { walkSignatures } from '../chain/signature-pages.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { takeWalk, type TakeCounts, NOTHING_TAKEN, sumOfCounts } from './take-walk.js';
import type { WalkDependencies, WalkEndpoint } from './walk-span.js';

/**
 * Slots below the finalized head that are looked at again, about 25 s: what became visible late, and what landed while
 * the last walk ran.
 */
const OVERLAP_SLOTS = 64;

interface RecentSweepDependencies extends WalkDependencies {
  readonly endpoint: () => WalkEndpoint;
  /** Nothing below is looked at: history begins there. */
  readonly startSlot: number;
}

/** What a walk over the last minute did. */
export type RecentOutcome =
  { readonly kind: 'complete'; readonly found: number } | { readonly kind: 'stopped'; readonly reason: string };

/**
 * Finds what no socket announced lately, at confirmed: for liveness only, it moves nothing (I4). A task of its own, so
 * that the newest events never wait behind hours of history. Costs two requests where nothing happened: the finalized
 * slot and one page.
 */
export class RecentSweep {
  /** Everything up to here was looked at by an earlier walk. */
  #lookedUpTo: number | null = null;

  constructor(
    private readonly dependencies: RecentSweepDependencies,
    private readonly module: DomainModule,
  ) {}

  /** Never throws for what the chain or the database do; the next run looks at the same span again. */
  async run(): Promise<RecentOutcome> {
    const { endpoint, startSlot, pageSize } = this.dependencies;
    const { chain } = endpoint();
    try {
      const finalizedSlot = await chain.slot('finalized');
      const fromSlot = Math.max(startSlot, Math.min(finalizedSlot, this.#lookedUpTo ?? finalizedSlot) - OVERLAP_SLOTS);
      const walk = walkSignatures(chain, this.module.program.address, { fromSlot, commitment: 'confirmed', pageSize });
      let counts: TakeCounts = NOTHING_TAKEN;
      const outcome = await takeWalk(this.dependencies, walk, {
        commitment: 'confirmed',
        source: 'sweep',
        wanted: () => true,
        onDurable: async (_, more) => {
          counts = sumOfCounts(counts, more);
        },
      });
      if (outcome.kind === 'stopped') return { kind: 'stopped', reason: outcome.reason };
      // The beginning of a young chain: what is not there cannot be missed.
      const reached = outcome.walk.reached || outcome.walk.reason === 'history-missing';
      if (!outcome.walk.reached && !reached) return { kind: 'stopped', reason: outcome.walk.reason };
      this.#lookedUpTo = finalizedSlot;
      return { kind: 'complete', found: counts.found };
    } catch (error) {
      if (error instanceof RpcError) return { kind: 'stopped', reason: error.reason };
      if (error instanceof mongo.MongoError) return { kind: 'stopped', reason: 'database-failed' };
      throw error;
    }
  }
}
