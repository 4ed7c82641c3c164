import { DL_FAULTS, DL_PATHS, DL_RARE } from './deliveries/dl-journal.js';
import { runDeliveriesSeed } from './deliveries/run-deliveries-seed.js';
import { FAULTS, PATHS, type Journal } from './journal.js';
import { runSeed } from './run-seed.js';
import { runTransactionsSeed } from './transactions/run-transactions-seed.js';
import { TX_FAULTS, TX_PATHS, TX_RARE } from './transactions/tx-journal.js';

/** What became of one seed, in whatever world. */
export interface SeedOutcome<F extends string = string, P extends string = string> {
  readonly seed: number;
  /** Null: every invariant held at every step, and the end was right. */
  readonly failure: string | null;
  readonly steps: number;
  /** Transactions on the chain at the end, requests or deliveries stored. */
  readonly transactions: number;
  readonly virtualMs: number;
  /** From the end of all faults until everything was right, milliseconds of the simulation. */
  readonly healedAfterMs: number | null;
  readonly journal: Journal<F, P>;
}

interface SimulatedWorld {
  /** What its outcomes count. */
  readonly counts: 'transactions' | 'deliveries';
  readonly run: (seed: number, isVerbose?: boolean) => Promise<SeedOutcome>;
  /** What can go wrong, and the ways in which it gets right again: each must have met each, but for what is `rare`. */
  readonly faults: readonly string[];
  readonly paths: readonly string[];
  readonly rare?: readonly string[];
}

/**
 * ledger: events on their way into documents. transactions: requests on their way to the chain. deliveries: events on their
 * way to those who want them.
 */
export const WORLD_NAMES = ['ledger', 'transactions', 'deliveries'] as const;
export type WorldName = (typeof WORLD_NAMES)[number];

/** What a seed can be run in. */
export const WORLDS: Readonly<Record<WorldName, SimulatedWorld>> = {
  ledger: { counts: 'transactions', run: runSeed, faults: FAULTS, paths: PATHS },
  transactions: { counts: 'transactions', run: runTransactionsSeed, faults: TX_FAULTS, paths: TX_PATHS, rare: TX_RARE },
  deliveries: { counts: 'deliveries', run: runDeliveriesSeed, faults: DL_FAULTS, paths: DL_PATHS, rare: DL_RARE },
};
