import { Connection } from '@solana/web3.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { openTraffic } from '../../src/dev/traffic.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import { auditNow } from '../drill/audit-now.js';
import { allEvents } from '../drill/chain-events.js';
import { compareEvents, isEqual } from '../drill/compare-events.js';
import { runBackfill, runKilled, type BackfillTarget } from './backfill-command.js';
import { digestOf } from './database-digest.js';
import { rounded } from './figures.js';
import { openBenchDatabase, projectAll, WRITTEN_COLLECTIONS, type BenchDatabase } from './pipeline-bed.js';
import type { Progress } from './progress.js';

export interface RealBackfillOptions {
  readonly chain: 'surfnet' | 'validator';
  /** Events at least, by people who trade. */
  readonly events: number;
  readonly kills: number;
  readonly batchSize: number;
}

/** A backfill of what really happened on a chain. */
export interface RealBackfillReport {
  readonly chain: string;
  readonly events: number;
  readonly transactions: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly kills: number;
  /** The ledger and the documents after the kills are those of the undisturbed run. */
  readonly same: boolean;
  /** The ledger has what Anchor reads in the chain's history, no more and no less, and the documents equal the accounts. */
  readonly right: boolean;
}

const STALLS = 12;
const SEED = 1;
/** Quicker than mainnet's, so that a day of trade fits into minutes. */
const SLOT_TIME_MS = 100;
const FINALITY_PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 200;

/** Lets people trade on a chain started for it, then brings it all into two empty databases: undisturbed, and killed. */
export async function benchRealBackfill(
  uri: string,
  { chain: kind, events, kills, batchSize }: RealBackfillOptions,
  progress: Progress,
): Promise<RealBackfillReport> {
  const chain = await startChain({
    ...{ kind, programs: projectPrograms(['coupons', 'router']), slotTimeMs: SLOT_TIME_MS, log: progress },
  });
  const [calm, rough] = [await openBenchDatabase(uri), await openBenchDatabase(uri)];
  try {
    const [rpcUrl, wsUrl] = [chain.rpcUrls[0] as string, chain.wsUrls[0] as string];
    const target = (database: BenchDatabase): BackfillTarget => ({ rpcUrl, wsUrl, mongodbUri: uri, database });
    const fund = (...args: Parameters<typeof chain.fund>) => chain.fund(...args);
    const traffic = await openTraffic({ rpcUrl, wsUrl, fund, stalls: STALLS, seed: SEED });
    let [played, lastSlot] = [0, 0];
    await traffic.run({
      until: () => played >= events,
      onLanded: (landing) => {
        played += landing.events.length;
        lastSlot = Math.max(lastSlot, landing.slot);
        if (played % 1_000 < landing.events.length) progress(`backfill: ${played} events happened on a ${chain.kind}`);
      },
    });
    await untilFinal(new Connection(rpcUrl, 'confirmed'), lastSlot);

    const summary = await runBackfill(target(calm));
    if (!summary) throw new Error('a backfill that nobody kills was killed');
    await runKilled(target(rough), summary.events, kills, (kill) => progress(`backfill: killed ${kill} of ${kills}`));
    const sameLedger = (await digestOf(calm, ['ledger_events'])) === (await digestOf(rough, ['ledger_events']));
    for (const database of [calm, rough]) await projectAll(database, batchSize);
    const same =
      sameLedger && (await digestOf(calm, WRITTEN_COLLECTIONS)) === (await digestOf(rough, WRITTEN_COLLECTIONS));

    const comparison = await compareEvents(rough.db, await allEvents(traffic.client.sender.connection));
    const { differences } = await auditNow({
      ...{ SOLANA_RPC_URL: rpcUrl, SOLANA_WS_URL: wsUrl, MONGODB_URI: uri, MONGODB_DATABASE: rough.name },
      LOG_LEVEL: 'warn',
    });
    return {
      ...{ chain: chain.kind, events: summary.events, transactions: summary.transactions, seconds: summary.seconds },
      eventsPerSecond: rounded(summary.events / summary.seconds),
      ...{ kills, same, right: isEqual(comparison) && differences.length === 0 },
    };
  } finally {
    await Promise.all([calm.drop(), rough.drop()]);
    await chain.stop();
  }
}

async function untilFinal(connection: Connection, slot: number): Promise<void> {
  const deadline = clock.monotonic() + FINALITY_PATIENCE_MS;
  while ((await connection.getSlot('finalized')) <= slot) {
    if (clock.monotonic() > deadline)
      throw new Error(`slot ${slot} did not become final within ${FINALITY_PATIENCE_MS} ms`);
    await clock.sleep(LOOK_EVERY_MS);
  }
}
