import { startChain } from '../../src/dev/embedded-chain.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { openTraffic } from '../../src/dev/traffic.js';
import { startContestants, type Contestants } from './loss/contestants.js';
import { openCrowdTraffic } from './loss/crowd-traffic.js';
import { LossRun, type PhaseFigures } from './loss/loss-run.js';
import type { LossRow } from './loss/loss-rows.js';
import { PHASES, type LossTiming } from './loss/phases.js';
import { openRouterTraffic } from './loss/router-traffic.js';
import type { Progress } from './progress.js';

export interface LossOptions {
  readonly chain: 'surfnet' | 'validator';
  readonly slotTimeMs: number;
  readonly timing: LossTiming;
  /** Environment variables of mooring's worker; none: as it comes. */
  readonly workerSettings?: Readonly<Record<string, string>>;
  /** Names of the phases to play; left out: all. */
  readonly phases?: readonly string[];
}

/** What `npm run bench -- loss` measures. */
export interface LossReport {
  readonly chain: string;
  readonly slotTimeMs: number;
  readonly timing: LossTiming;
  readonly transactions: number;
  readonly phases: readonly PhaseFigures[];
  readonly totals: readonly LossRow[];
  /** mooring lost, doubled and invented nothing, and no document was wrong. */
  readonly clean: boolean;
}

const STALLS = 3;
const SEED = 1;

/** Plays traffic and faults, to all three at the same time, and compares what each was given with what landed. */
export async function benchLoss(uri: string, options: LossOptions, progress: Progress): Promise<LossReport> {
  const { slotTimeMs, timing, chain: kind } = options;
  const programs = projectPrograms(['coupons', 'router']);
  const chain = await startChain({ kind, programs, slotTimeMs, log: progress });
  let contestants: Contestants | undefined;
  try {
    const run = new LossRun(timing, progress);
    contestants = await startContestants(chain, uri, options.workerSettings ?? {}, () => run.phase);
    const [rpcUrl, wsUrl] = [chain.rpcUrls[0] as string, chain.wsUrls[0] as string];
    const fund = (address: Parameters<typeof chain.fund>[0], lamports: number) => chain.fund(address, lamports);
    const traffic = await openTraffic({ rpcUrl, wsUrl, fund, stalls: STALLS, seed: SEED });
    const [router, crowd] = await Promise.all([
      openRouterTraffic(traffic.client, fund),
      openCrowdTraffic(traffic.client, fund),
    ]);
    const players = { traffic, besides: { ...router, ...crowd }, rpcUrl };
    await run.warmUp(contestants, players);
    for (const phase of PHASES) {
      if (options.phases && !options.phases.includes(phase.name)) continue;
      await run.play(phase, contestants, players);
    }
    return { chain: chain.kind, slotTimeMs, timing, ...(await run.report(contestants, rpcUrl)) };
  } finally {
    await contestants?.stop();
    await chain.stop();
  }
}
