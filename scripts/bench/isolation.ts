import { randomBytes } from 'node:crypto';
import { startEventWorker } from '../../src/app/event-worker.js';
import { layFoundation } from '../../src/app/foundation.js';
import { readConfig } from '../../src/config/env.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { openTraffic } from '../../src/dev/traffic.js';
import type { DomainModule } from '../../src/domain-kit/domain-module.js';
import coupons from '../../idl/coupons.json' with { type: 'json' };
import { ownDomains } from '../../src/domains/registry.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import { audit } from '../../src/reconcile/audit.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { observeLatency } from '../demo/latency-observer.js';
import { openLanes } from '../traffic/open-lanes.js';
import { percentile, rounded } from './figures.js';
import type { Progress } from './progress.js';

export interface IsolationOptions {
  readonly trafficMs: number;
  /** Of both, in turns; the median counts. */
  readonly rounds: number;
}

/** Coupons beside red packets: confirmed to readable, and what was wrong at the end. */
export interface IsolationRow {
  readonly events: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Documents of the other two programs that differ from the chain. */
  readonly wrong: number;
}

/** What `npm run bench -- isolation` measures: coupons while red packets do well, and while every handler of them throws. */
export interface IsolationReport {
  readonly healthy: IsolationRow;
  readonly failing: IsolationRow;
  readonly ratio: number;
}

const STALLS = 4;
const PACE_MS = 100;
const BROKEN = 'red-packets';
const PATIENCE_MS = 60_000;

/** The module with handlers that throw for every event. */
export function withThrowingHandlers(module: DomainModule): DomainModule {
  const fails = () => {
    throw new Error('this handler always fails');
  };
  return { ...module, events: Object.fromEntries(Object.keys(module.events).map((name) => [name, fails])) };
}

/** Plays all three systems at once, with and without one that fails. */
export async function benchIsolation(
  uri: string,
  { trafficMs, rounds }: IsolationOptions,
  progress: Progress,
): Promise<IsolationReport> {
  const rows: Record<'healthy' | 'failing', IsolationRow[]> = { healthy: [], failing: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const variant of ['healthy', 'failing'] as const) {
      progress(`isolation: round ${round}, red packets ${variant}`);
      rows[variant].push(await play(uri, variant === 'failing', trafficMs));
    }
  }
  const [healthy, failing] = [median(rows.healthy), median(rows.failing)];
  return { healthy, failing, ratio: rounded(failing.p99Ms / healthy.p99Ms, 2) };
}

async function play(uri: string, isBroken: boolean, trafficMs: number): Promise<IsolationRow> {
  const chain = await startChain({ kind: 'surfnet', programs: projectPrograms(), slotTimeMs: 400 });
  const [rpcUrl, wsUrl] = [chain.rpcUrls[0] as string, chain.wsUrls[0] as string];
  const modules = ownDomains({ redPacketsCrown: 'always', stakeVaultAddress: null }).map(({ module }) =>
    isBroken && module.name === BROKEN ? withThrowingHandlers(module) : module,
  );
  const config = readConfig({
    MONGODB_DATABASE: `mooring_bench_${randomBytes(6).toString('hex')}`,
    LOG_LEVEL: 'silent',
    RECONCILE_SCHEDULE: 'off',
  });
  const endpoints = { rpcUrls: [rpcUrl], wsUrls: [wsUrl], mongodbUri: uri };
  const foundation = await layFoundation(config, endpoints, modules, createLogger(config), createMetrics());
  const { db } = foundation.mongo;
  const worker = startEventWorker(foundation, endpoints);
  try {
    const people = {
      rpcUrl,
      wsUrl,
      fund: (address: Parameters<typeof chain.fund>[0], n: number) => chain.fund(address, n),
    };
    const market = await openTraffic({ ...people, stalls: STALLS, seed: 7 });
    const { lanes } = await openLanes(people);
    await until(() => worker.status().live, 'the event worker does not listen');
    const latency = await observeLatency(wsUrl, coupons.address, db);
    const endsAt = clock.monotonic() + trafficMs;
    const run = { paceMs: PACE_MS, until: () => clock.monotonic() > endsAt };
    await Promise.all([market.run(run), lanes.run(run)]);
    await until(
      async () => (await db.collection('ledger_events').countDocuments({ state: 'received' })) === 0,
      'events stay unapplied',
    );
    await latency.stop();
    const readings = [...latency.readings()];
    const others = foundation.modules.filter(({ module }) => module.name !== BROKEN);
    const { differences } = await audit({ db, chain: foundation.pool.chain, clock }, others);
    return {
      events: readings.length,
      p50Ms: rounded(percentile(readings, 0.5), 1),
      p99Ms: rounded(percentile(readings, 0.99), 1),
      wrong: differences.length,
    };
  } finally {
    await worker.stop();
    await db.dropDatabase();
    await foundation.close();
    await chain.stop();
  }
}

async function until(condition: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = clock.monotonic() + PATIENCE_MS;
  while (!(await condition())) {
    if (clock.monotonic() > deadline) throw new Error(otherwise);
    await clock.sleep(50);
  }
}

/** By p99; what was wrong in any round counts. */
function median(rows: readonly IsolationRow[]): IsolationRow {
  const sorted = [...rows].sort((one, other) => one.p99Ms - other.p99Ms);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (!middle) throw new Error('no round was made');
  return { ...middle, wrong: Math.max(...rows.map(({ wrong }) => wrong)) };
}
