import { mongo } from 'mongoose';
import type { DevChain } from '../../src/dev/dev-chain.js';
import type { DevDatabase } from '../../src/dev/dev-database.js';
import { openTraffic } from '../../src/dev/traffic.js';
import { seededRandom } from '../../src/dev/seeded-random.js';
import { systemClock } from '../../src/lib/clock.js';
import { MooringError } from '../../src/lib/errors.js';
import type { AuditReport } from '../../src/reconcile/audit-report.js';
import { auditNow } from './audit-now.js';
import { allEvents } from './chain-events.js';
import { compareEvents, isEqual, type EventComparison } from './compare-events.js';
import { drillEnvironment } from './drill-environment.js';
import { startWorkerChild, type WorkerChild } from './worker-child.js';

export interface DrillOptions {
  readonly kills: number;
  readonly chain: DevChain;
  readonly database: DevDatabase;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface DrillReport {
  readonly kills: number;
  readonly transactions: number;
  readonly comparison: EventComparison;
  readonly audit: AuditReport;
  /** From the start of a process to its first applied event: the median and the longest. */
  readonly resumeMs: { readonly median: number; readonly longest: number };
  readonly catchUpMs: number;
  readonly clean: boolean;
}

const STALLS = 3;
/** Traffic that one worker can follow: what is drilled is dying, not overload. */
const PACE_MS = 400;
/** How far a worker may get beyond its first applied event before it is killed, in milliseconds: anywhere in a batch. */
const LATEST_KILL_MS = 600;
/**
 * A worker killed inside a transaction leaves it open on the server, which ends it after 60 s
 * (transactionLifetimeLimitSeconds); until then nobody can write what it touched.
 */
const PROGRESS_TIMEOUT_MS = 120_000;
const CATCH_UP_TIMEOUT_MS = 120_000;

/**
 * Kills the event worker again and again while people trade, then lets it catch up once, and compares what it has made
 * with the chain. Throws MooringError when a worker does not get going.
 */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const { chain, database, kills, say } = options;
  const random = seededRandom(options.seed);
  const environment = drillEnvironment(chain, database);
  const client = await new mongo.MongoClient(database.uri).connect();
  const db = client.db(environment.MONGODB_DATABASE);
  const traffic = await openTraffic({
    rpcUrl: chain.rpcUrls[0] as string,
    wsUrl: chain.wsUrls[0] as string,
    fund: (address, lamports) => chain.fund(address, lamports),
    stalls: STALLS,
    seed: options.seed,
  });
  let trafficEnds = false;
  let transactions = 0;
  const playing = traffic.run({ paceMs: PACE_MS, until: () => trafficEnds, onLanded: () => (transactions += 1) });
  playing.catch(() => undefined);
  const applied = () => db.collection('ledger_events').countDocuments({ kind: 'event', state: 'applied' });
  const resumes: number[] = [];
  let worker: WorkerChild | undefined;
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const before = await applied();
      const startedAt = systemClock.monotonic();
      worker = startWorkerChild('event-listener.worker', environment);
      await until(
        `worker ${kill} applies something`,
        worker,
        PROGRESS_TIMEOUT_MS,
        async () => (await applied()) > before,
      );
      const resumedMs = Math.round(systemClock.monotonic() - startedAt);
      resumes.push(resumedMs);
      await systemClock.sleep(random() * LATEST_KILL_MS);
      worker.kill('SIGKILL');
      await worker.ended;
      say(
        `kill ${kill} of ${kills}: pid ${worker.pid} resumed after ${resumedMs} ms, ${await applied()} events applied`,
      );
    }
    trafficEnds = true;
    await playing;

    const startedAt = systemClock.monotonic();
    worker = startWorkerChild('event-listener.worker', environment);
    const onChain = await allEvents(traffic.client.sender.connection);
    say(`${onChain.length} events on chain; one worker catches up`);
    await until(
      'the last worker catches up',
      worker,
      CATCH_UP_TIMEOUT_MS,
      async () => (await applied()) >= onChain.length,
    );
    const catchUpMs = Math.round(systemClock.monotonic() - startedAt);
    worker.kill('SIGTERM');
    await worker.ended;

    const comparison = await compareEvents(db, onChain);
    const report = await auditNow(environment);
    const clean = isEqual(comparison) && report.differences.length === 0;
    const sorted = resumes.sort((one, other) => one - other);
    const resumeMs = { median: sorted[sorted.length >> 1] ?? 0, longest: sorted.at(-1) ?? 0 };
    return { kills, transactions, comparison, audit: report, resumeMs, catchUpMs, clean };
  } finally {
    trafficEnds = true;
    worker?.kill('SIGKILL');
    await playing.catch(() => undefined);
    if (database.kind === 'external') await db.dropDatabase().catch(() => undefined);
    await client.close();
  }
}

/** Waits for progress of a worker that must stay alive meanwhile. */
async function until(
  what: string,
  worker: WorkerChild,
  timeoutMs: number,
  isSo: () => Promise<boolean>,
): Promise<void> {
  let end: number | NodeJS.Signals | undefined;
  void worker.ended.then((how) => (end = how));
  const deadline = systemClock.monotonic() + timeoutMs;
  while (!(await isSo())) {
    if (end !== undefined || systemClock.monotonic() > deadline) {
      const why = end === undefined ? `not within ${timeoutMs / 1000} s` : `it ended with ${end}`;
      throw new MooringError(
        'drill-failed',
        `Waiting that ${what}: ${why}. Its output: ${worker.output().slice(-2_000)}`,
      );
    }
    await systemClock.sleep(20);
  }
}
