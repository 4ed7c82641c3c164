import { endpointName } from '../../chain/endpoint-name.js';
import { JsonRpcChain } from '../../chain/json-rpc-chain.js';
import { RpcEndpoint } from '../../chain/rpc-endpoint.js';
import { RpcPool } from '../../chain/rpc-pool.js';
import type { Config } from '../../config/env.js';
import type { Log } from '../../lib/log.js';
import type { Machine } from '../machine.js';
import { once } from './once.js';
import type { Visit, VisitedEndpoint } from './visit.js';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Every endpoint alone, and all of them as one that fails only when every one does. */
export function openEndpoints(
  { solanaRpcUrls, rpcBatchSize }: Pick<Config, 'solanaRpcUrls' | 'rpcBatchSize'>,
  { clock, random }: Machine,
): Pick<Visit, 'endpoints' | 'anyEndpoint'> & { close(): Promise<void> } {
  const names = distinctNames(solanaRpcUrls);
  const endpoints = solanaRpcUrls.map((url, position): VisitedEndpoint => {
    const endpoint = new RpcEndpoint({ url, clock });
    const chain = new JsonRpcChain(endpoint);
    return {
      ...{ name: names[position] ?? url, endpoint, chain },
      genesis: once(() => chain.genesisHash()),
      head: once(() => chain.slot('confirmed')),
      oldestBlock: once(() => chain.firstAvailableBlock()),
    };
  });
  if (endpoints.length === 0) return { endpoints, anyEndpoint: null, close: async () => {} };
  const pool = new RpcPool({
    endpoints: endpoints.map(({ endpoint }) => endpoint),
    ...{ clock, random, log: silent, batchSize: rpcBatchSize },
  });
  return { endpoints, anyEndpoint: { transport: pool, chain: new JsonRpcChain(pool) }, close: () => pool.close() };
}

/** Hosts of URLs; where one comes again, with its number. */
export function distinctNames(urls: readonly string[]): string[] {
  const hosts = urls.map(endpointName);
  return hosts.map((host, position) => {
    const earlier = hosts.slice(0, position).filter((other) => other === host).length;
    return earlier === 0 ? host : `${host}#${earlier + 1}`;
  });
}
