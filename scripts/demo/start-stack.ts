import type { Keypair } from '@solana/web3.js';
import bs58 from 'bs58';
import { startAlertWatch } from '../../src/app/alert-watch.js';
import { startApi, type ApiProcess } from '../../src/app/api-process.js';
import { startDeliveryDesks } from '../../src/app/delivery-desks.js';
import { startEventWorker, type EventWorker } from '../../src/app/event-worker.js';
import { layFoundation, type Foundation } from '../../src/app/foundation.js';
import { readConfig, type Config } from '../../src/config/env.js';
import type { Job } from '../../src/delivery/jobs/define-job.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import type { DevDatabase } from '../../src/dev/dev-database.js';
import type { DomainRoutes } from '../../src/domain-kit/routes.js';
import { MooringError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { createMetrics } from '../../src/telemetry/metrics.js';

export interface StackOptions {
  readonly chain: DevChain;
  readonly database: DevDatabase;
  readonly domains: readonly DomainRoutes[];
  /** What events can be delivered to here; none when left out. */
  readonly jobs?: readonly Job[];
  /** Where the event worker's socket goes, if not straight to the chain. */
  readonly wsUrls?: readonly string[];
  /** Held by the API; the first one signs where a request names none. */
  readonly signers: readonly Keypair[];
  /** More settings, as environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The API and the event worker in this process, on a chain and a database. What alarms is told to the log alone. */
export interface Stack {
  readonly config: Config;
  readonly foundation: Foundation;
  readonly worker: EventWorker;
  readonly api: ApiProcess;
  /** Finishes what is under way. The foundation stays, for a last look; close it afterwards. */
  drain(): Promise<void>;
}

/**
 * Wires them as the workers do, but with endpoints that are known only now. Its log goes to stderr: stdout belongs to
 * whoever shows something. Throws MooringError with what to do.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { chain, database, domains, jobs = [], wsUrls = chain.wsUrls } = options;
  const config = readConfig({
    ...options.environment,
    SIGNER_SECRET_KEYS: options.signers.map(({ secretKey }) => bs58.encode(secretKey)).join(','),
  });
  const endpoints = { rpcUrls: chain.rpcUrls, wsUrls, mongodbUri: database.uri };
  const modules = domains.map(({ module }) => module);
  const metrics = createMetrics({ processMetrics: true });
  const log = createLogger(config, process.stderr);
  const foundation = await layFoundation(config, endpoints, modules, log, metrics);
  const worker = startEventWorker(foundation, endpoints);
  const alerts = startAlertWatch(foundation, []);
  const deliveries = startDeliveryDesks(foundation, jobs);
  try {
    const api = await startApiSomewhere(foundation, domains, options.environment['PORT'] !== undefined);
    return {
      config,
      foundation,
      worker,
      api,
      drain: async () => {
        await api.stop();
        await Promise.all([worker.stop(), alerts.stop(), deliveries.stop()]);
      },
    };
  } catch (error) {
    await Promise.all([worker.stop(), alerts.stop(), deliveries.stop()]);
    await foundation.close();
    throw error;
  }
}

/** At the usual port; when that is taken and nobody asked for it, at any. */
async function startApiSomewhere(
  foundation: Foundation,
  domains: readonly DomainRoutes[],
  portWasChosen: boolean,
): Promise<ApiProcess> {
  try {
    return await startApi(foundation, domains);
  } catch (error) {
    if (portWasChosen || !(error instanceof MooringError) || error.code !== 'port-in-use') throw error;
    return startApi({ ...foundation, config: { ...foundation.config, port: 0 } }, domains);
  }
}
