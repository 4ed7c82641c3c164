import type { Progress } from './progress.js';
import { benchAllocations, type AllocationOptions, type AllocationReport } from './transactions/allocations.js';
import { benchLanding, type LandingOptions, type LandingReport } from './transactions/landing.js';

export interface TransactionsOptions {
  readonly allocations: AllocationOptions;
  readonly landing: LandingOptions;
}

/** What `npm run bench -- transactions` measures. */
export interface TransactionsReport {
  readonly allocations: AllocationReport;
  readonly landing: LandingReport;
}

/** Measures how fast numbers are given, then what lands over HTTP, alone and over a network that fails. */
export async function benchTransactions(
  uri: string,
  options: TransactionsOptions,
  progress: Progress,
): Promise<TransactionsReport> {
  const allocations = await benchAllocations(uri, options.allocations, progress);
  return { allocations, landing: await benchLanding(uri, options.landing, progress) };
}
