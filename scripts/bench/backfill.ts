import type { BackfillSummary } from '../backfill/report.js';
import { runBackfill, runKilled, type BackfillTarget, type RunningBackfill } from './backfill-command.js';
import { digestOf } from './database-digest.js';
import { rounded } from './figures.js';
import { startHistoryProcess, type HistoryProcess } from './history-process.js';
import type { MemoryState } from './memory-probe.js';
import { openBenchDatabase, projectAll, WRITTEN_COLLECTIONS, type BenchDatabase } from './pipeline-bed.js';
import type { Progress } from './progress.js';

export interface BackfillOptions {
  readonly events: number;
  /** Of the run against an endpoint that limits requests. */
  readonly limitedEvents: number;
  /** The limit of that endpoint. */
  readonly requestsPerSecond: number;
  /** How often the third run is killed (-9). */
  readonly kills: number;
  readonly batchSize: number;
}

/** One undisturbed run of the command. */
export interface BackfillRun {
  readonly events: number;
  readonly transactions: number;
  /** From the first request to the agreement of two walks, without the start of the process. */
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Answered by the endpoint, those of a batch each counted. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Refused by the endpoint for its limit. */
  readonly limited: number;
}

/** What `npm run bench -- backfill` measures. */
export interface BackfillReport {
  readonly unlimited: BackfillRun;
  /** Of the command's process, garbage collected, each time another fifth of the events was stored. */
  readonly memory: readonly (MemoryState & { readonly stored: number })[];
  readonly limited: BackfillRun & { readonly limit: number; readonly shareOfLimit: number };
  readonly killed: {
    readonly kills: number;
    /** Against the undisturbed run: ids and contents of the ledger, and the documents made of it. */
    readonly sameLedger: boolean;
    readonly sameDocuments: boolean;
  };
}

/** Looks at the memory while the events are stored. */
const MEMORY_LOOKS = 5;

/** Runs the real command against a generated history, each served and each run in a process of its own. */
export async function benchBackfill(
  uri: string,
  { events, limitedEvents, requestsPerSecond, kills, batchSize }: BackfillOptions,
  progress: Progress,
): Promise<BackfillReport> {
  const chain = await startHistoryProcess({ seed: 1, events });
  const [calm, rough] = [await openBenchDatabase(uri), await openBenchDatabase(uri)];
  try {
    const memory: (MemoryState & { readonly stored: number })[] = [];
    const unlimited = await runMeasured(targetOf(uri, calm, chain), chain, async ({ stored, memory: ask }) => {
      if (stored < ((memory.length + 1) * events) / MEMORY_LOOKS) return false;
      const state = await ask();
      if (state) memory.push({ stored, ...state });
      return false;
    });
    progress(`backfill: ${unlimited.events} events, ${unlimited.eventsPerSecond}/s`);

    await runKilled(targetOf(uri, rough, chain), events, kills, (kill) =>
      progress(`backfill: killed ${kill} of ${kills} times`),
    );
    const sameLedger = (await digestOf(calm, ['ledger_events'])) === (await digestOf(rough, ['ledger_events']));
    for (const database of [calm, rough]) await projectAll(database, batchSize);
    const sameDocuments = (await digestOf(calm, WRITTEN_COLLECTIONS)) === (await digestOf(rough, WRITTEN_COLLECTIONS));
    progress(`backfill: after ${kills} kills the same ledger: ${sameLedger}, the same documents: ${sameDocuments}`);

    const limited = await benchLimited(uri, limitedEvents, requestsPerSecond);
    progress(`backfill: ${limited.requestsPerSecond} of ${requestsPerSecond} requests/s used`);
    return {
      unlimited,
      memory,
      limited: {
        ...limited,
        limit: requestsPerSecond,
        shareOfLimit: rounded(limited.requestsPerSecond / requestsPerSecond, 2),
      },
      killed: { kills, sameLedger, sameDocuments },
    };
  } finally {
    await Promise.all([calm.drop(), rough.drop(), chain.stop()]);
  }
}

async function benchLimited(uri: string, events: number, requestsPerSecond: number): Promise<BackfillRun> {
  const chain = await startHistoryProcess({ seed: 2, events, requestsPerSecond });
  const database = await openBenchDatabase(uri);
  try {
    return await runMeasured(targetOf(uri, database, chain), chain);
  } finally {
    await Promise.all([database.drop(), chain.stop()]);
  }
}

function targetOf(uri: string, database: BenchDatabase, { url }: HistoryProcess): BackfillTarget {
  return { rpcUrl: url, wsUrl: url.replace('http', 'ws'), mongodbUri: uri, database };
}

async function runMeasured(
  target: BackfillTarget,
  chain: HistoryProcess,
  look?: (running: RunningBackfill) => Promise<boolean>,
): Promise<BackfillRun> {
  const before = await chain.stats();
  const summary: BackfillSummary | null = await runBackfill(target, look);
  const after = await chain.stats();
  if (summary?.events !== chain.events) {
    throw new Error(`the backfill ended with ${summary?.events} of ${chain.events} events`);
  }
  const { transactions, seconds } = summary;
  const requests = after.requests - before.requests;
  return {
    ...{ events: summary.events, transactions, seconds, requests, limited: after.limited - before.limited },
    eventsPerSecond: rounded(summary.events / seconds),
    requestsPerSecond: rounded(requests / seconds),
  };
}
