import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock as clock } from '../../src/lib/clock.js';
import { toJson } from '../../src/lib/json.js';
import { fromStored } from '../../src/lib/stored-value.js';
import { coupons } from '../../src/domains/coupons/module.js';
import type { BackfillSummary } from '../backfill/report.js';
import { rounded } from './figures.js';
import { startHistoryProcess, type HistoryProcess } from './history-process.js';
import { buildPipeline, openBenchDatabase, type BenchDatabase } from './pipeline-bed.js';
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
  /** Resident memory of the command's process once a fifth of the events was stored, at the end, and at most. */
  readonly rssMb: { readonly atFifth: number; readonly atEnd: number; readonly most: number };
  readonly limited: BackfillRun & { readonly limit: number; readonly shareOfLimit: number };
  readonly killed: {
    readonly kills: number;
    /** Against the undisturbed run: ids and contents of the ledger, and the documents made of it. */
    readonly sameLedger: boolean;
    readonly sameDocuments: boolean;
  };
}

const SCRIPT = fileURLToPath(new URL('../backfill.ts', import.meta.url));
const LOOK_EVERY_MS = 100;
const KB_PER_MB = 1_024;
/** Fields that say when something was written or by whom, not what. */
const CIRCUMSTANCES = new Set(['seenAt', 'appliedAt', 'finalityDueAt']);

/** Runs the real command against a generated history, each served and each run in a process of its own. */
export async function benchBackfill(
  uri: string,
  { events, limitedEvents, requestsPerSecond, kills, batchSize }: BackfillOptions,
  progress: Progress,
): Promise<BackfillReport> {
  const chain = await startHistoryProcess({ seed: 1, events });
  const [calm, rough] = [await openBenchDatabase(uri), await openBenchDatabase(uri)];
  try {
    const rss: number[] = [];
    let rssAtFifth = 0;
    const unlimited = await runMeasured(uri, calm, chain, async (pid, stored) => {
      const now = await residentMb(pid);
      if (now !== null) rss.push(now);
      if (rssAtFifth === 0 && stored >= events / 5) rssAtFifth = now ?? 0;
    });
    progress(`backfill: ${unlimited.events} events, ${unlimited.eventsPerSecond}/s`);

    for (let kill = 1; kill <= kills; kill++) {
      await runCommand(uri, rough, chain, async (_, stored) => stored > (kill * events) / (kills + 1));
      progress(`backfill: killed ${kill} of ${kills} times`);
    }
    const ended = await runCommand(uri, rough, chain);
    if (!ended?.complete) throw new Error(`the backfill that was killed ended with ${ended?.outcome}`);
    const sameLedger = (await digestOf(calm, ['ledger_events'])) === (await digestOf(rough, ['ledger_events']));
    for (const database of [calm, rough]) await project(database, batchSize);
    const collections = coupons.models.map(({ collection }) => collection);
    const sameDocuments = (await digestOf(calm, collections)) === (await digestOf(rough, collections));
    progress(`backfill: after ${kills} kills the same ledger: ${sameLedger}, the same documents: ${sameDocuments}`);

    const limited = await benchLimited(uri, limitedEvents, requestsPerSecond);
    progress(`backfill: ${limited.requestsPerSecond} of ${requestsPerSecond} requests/s used`);
    return {
      unlimited,
      rssMb: { atFifth: rssAtFifth, atEnd: rss.at(-1) ?? 0, most: Math.max(...rss) },
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
    return await runMeasured(uri, database, chain);
  } finally {
    await Promise.all([database.drop(), chain.stop()]);
  }
}

async function runMeasured(
  uri: string,
  database: BenchDatabase,
  chain: HistoryProcess,
  look: (pid: number, stored: number) => Promise<void> = async () => undefined,
): Promise<BackfillRun> {
  const before = await chain.stats();
  const summary = await runCommand(uri, database, chain, async (pid, stored) => {
    await look(pid, stored);
    return false;
  });
  const after = await chain.stats();
  if (!summary?.complete || summary.events !== chain.events) {
    throw new Error(`the backfill ended with ${summary?.outcome} and ${summary?.events} of ${chain.events} events`);
  }
  const { transactions, seconds } = summary;
  const requests = after.requests - before.requests;
  return {
    ...{ events: summary.events, transactions, seconds, requests, limited: after.limited - before.limited },
    eventsPerSecond: rounded(summary.events / seconds),
    requestsPerSecond: rounded(requests / seconds),
  };
}

/** Runs the command; kills it (-9) as soon as `isTime`. Null when it was killed. */
async function runCommand(
  uri: string,
  database: BenchDatabase,
  chain: HistoryProcess,
  isTime: (pid: number, stored: number) => Promise<boolean> = async () => false,
): Promise<BackfillSummary | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, '--program', coupons.name, '--json'], {
    env: {
      ...process.env,
      ...{ SOLANA_RPC_URL: chain.url, SOLANA_WS_URL: chain.url.replace('http', 'ws') },
      ...{ MONGODB_URI: uri, MONGODB_DATABASE: database.name },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr, killed] = ['', '', false];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  while (child.exitCode === null && !killed) {
    const stored = await database.db.collection('ledger_events').estimatedDocumentCount();
    if (child.pid !== undefined && (await isTime(child.pid, stored))) killed = child.kill('SIGKILL');
    else await Promise.race([ended, clock.sleep(LOOK_EVERY_MS)]);
  }
  const code = await ended;
  if (killed) return null;
  if (code !== 0) throw new Error(`the backfill ended with exit code ${code}: ${stderr.trim() || stdout.trim()}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as BackfillSummary;
}

async function project(database: BenchDatabase, batchSize: number): Promise<void> {
  const { projector } = await buildPipeline(database, batchSize);
  while ((await projector.pass()) > 0);
}

/** Of everything in these collections, whatever the order, but for when it was written. */
async function digestOf({ db }: BenchDatabase, collections: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const name of collections) {
    for await (const stored of db.collection(name).find()) {
      const value = fromStored({ ...stored, _id: String(stored._id) }) as Record<string, unknown>;
      const kept = Object.entries(value).filter(([key]) => !CIRCUMSTANCES.has(key));
      const text = toJson(Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1))));
      lines.push(createHash('sha256').update(`${name} ${text}`).digest('hex'));
    }
  }
  return createHash('sha256').update(lines.sort().join()).digest('hex');
}

/** Null when the process is gone. */
async function residentMb(pid: number): Promise<number | null> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
    return rounded(Number(stdout) / KB_PER_MB);
  } catch {
    return null;
  }
}
