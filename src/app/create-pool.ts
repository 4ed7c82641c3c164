import type { PoolObserver } from '../chain/pool-member.js';
import { RpcEndpoint } from '../chain/rpc-endpoint.js';
import { RpcPool } from '../chain/rpc-pool.js';
import type { Config } from '../config/env.js';
import { MooringError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Machine } from './machine.js';

/**
 * The RPC endpoints of a process, in order of preference, with what the settings say of their pace.
 * @throws MooringError `config-invalid` when there are rates for another number of endpoints.
 */
export function createPool(
  config: Config,
  rpcUrls: readonly string[],
  { clock, random }: Pick<Machine, 'clock' | 'random'>,
  log: Log,
  metrics: Metrics,
): RpcPool {
  return new RpcPool({
    endpoints: rpcUrls.map(
      (url) =>
        new RpcEndpoint({
          url,
          clock,
          onCall: ({ method, outcome }) => {
            metrics.rpcRequestsTotal.inc({ method, outcome });
            if (outcome !== 'ok') metrics.rpcErrorsTotal.inc({ reason: outcome });
          },
        }),
    ),
    clock,
    random,
    log,
    requestsPerSecond: ratesFor(config.rpcRequestsPerSecond, rpcUrls.length),
    batchSize: config.rpcBatchSize,
    backgroundShare: config.rpcBackgroundShare,
    observer: observeInto(metrics),
  });
}

function ratesFor(rates: readonly number[], endpoints: number): readonly number[] {
  if (rates.length <= 1) return Array.from({ length: endpoints }, () => rates[0] ?? 0);
  if (rates.length === endpoints) return rates;
  throw new MooringError(
    'config-invalid',
    `RPC_REQUESTS_PER_SECOND has ${rates.length} numbers for ${endpoints} endpoint(s): write one for all, or one for each in the order of SOLANA_RPC_URL.`,
  );
}

function observeInto(metrics: Metrics): PoolObserver {
  const states = new Map<string, string>();
  return {
    onState: (endpoint, state) => {
      const before = states.get(endpoint);
      if (before !== undefined) metrics.rpcEndpointState.set({ endpoint, state: before }, 0);
      metrics.rpcEndpointState.set({ endpoint, state }, 1);
      states.set(endpoint, state);
    },
    onLag: (endpoint, slots) => metrics.rpcEndpointLagSlots.set({ endpoint }, slots),
    onFailover: (from, to) => metrics.rpcFailoversTotal.inc({ from, to }),
    onRateWait: (endpoint, priority, ms) => {
      metrics.rpcRateWaitsTotal.inc({ endpoint, priority });
      metrics.rpcRateWaitSecondsTotal.inc({ endpoint, priority }, ms / 1_000);
    },
  };
}
