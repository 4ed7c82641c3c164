import { randomBytes } from 'node:crypto';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import type { FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { ledgerEvents, recordFrom } from '../../../src/ledger/ledger-collections.js';
import { readListenerStatus } from '../../../src/ledger/listener-status.js';
import { systemClock } from '../../../src/lib/clock.js';
import { audit } from '../../../src/reconcile/audit.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { startWorkerChild } from '../../drill/worker-child.js';
import { eventKey } from './event-key.js';
import type { SeenEvent } from './judge-loss.js';

/** mooring's event worker, started as in production but for its logs, and what it has put into the database. */
export interface MooringWorker {
  /** Connected to the database, and to the chain directly. */
  readonly reader: Foundation;
  /** The events that the ledger says are in the documents. `phaseAt` tells the phase of a time in Unix milliseconds. */
  seen(phaseAt: (ms: number) => number): Promise<SeenEvent[]>;
  /** Documents that differ from the chain's accounts or from the fold of the ledger, or of which that cannot be told. */
  wrongDocuments(): Promise<number>;
  stop(): Promise<void>;
}

/** A worker that needs longer than this to listen is broken. */
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

/**
 * Starts it on a database of its own in the server, and waits until it listens. `settings` are environment variables
 * beside those that every worker needs.
 */
export async function startMooringWorker(
  proxy: FaultProxy,
  chain: { readonly rpcUrl: string; readonly wsUrl: string },
  uri: string,
  settings: Readonly<Record<string, string>>,
): Promise<MooringWorker> {
  const database = {
    MONGODB_URI: uri,
    MONGODB_DATABASE: `mooring_bench_${randomBytes(6).toString('hex')}`,
    LOG_LEVEL: 'error',
  };
  const reader = await openReader(chain, database);
  const { db } = reader.mongo;
  const environment = { ...settings, ...database, SOLANA_RPC_URL: proxy.rpcUrl, SOLANA_WS_URL: proxy.wsUrl };
  const child = startWorkerChild('event-listener.worker', environment);
  let end: number | NodeJS.Signals | undefined;
  void child.ended.then((how) => (end = how));
  const stop = async () => {
    child.kill('SIGTERM');
    await child.ended;
    await db.dropDatabase();
    await reader.close();
  };
  const deadline = systemClock.monotonic() + START_TIMEOUT_MS;
  while (!(await readListenerStatus(db, coupons.name))?.isListening) {
    if (end !== undefined || systemClock.monotonic() > deadline) {
      await stop();
      throw new Error(`the event worker does not listen: ${child.output().slice(-2_000)}`);
    }
    await systemClock.sleep(POLL_MS);
  }
  return {
    reader,
    seen: async (phaseAt) => {
      const stored = await ledgerEvents(db)
        .find({ kind: 'event', state: 'applied', _id: { $not: /~/ } })
        .toArray();
      return stored.map(recordFrom).map(({ signature, name, data, slot, appliedAt }) => {
        const atMs = appliedAt?.getTime() ?? 0;
        return { signature, key: eventKey(name, data), slot, atMs, phase: phaseAt(atMs) };
      });
    },
    wrongDocuments: async () => {
      const report = await audit({ db, chain: reader.pool.chain, clock: systemClock }, reader.modules);
      return report.differences.length + report.unsettled.length;
    },
    stop,
  };
}

function openReader(
  { rpcUrl, wsUrl }: { readonly rpcUrl: string; readonly wsUrl: string },
  environment: Readonly<Record<string, string>>,
): Promise<Foundation> {
  const config = readConfig(environment);
  const endpoints = { rpcUrls: [rpcUrl], wsUrls: [wsUrl], mongodbUri: environment['MONGODB_URI'] ?? '' };
  return layFoundation(config, endpoints, [coupons], createLogger(config, process.stderr), createMetrics());
}
