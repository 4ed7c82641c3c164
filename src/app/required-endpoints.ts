import type { Config } from '../config/env.js';
import { MooringError } from '../lib/errors.js';
import { webSocketUrlOf } from '../lib/web-socket-url.js';
import type { Endpoints } from './foundation.js';

/**
 * Where a production process finds chain and database. Nothing is embedded here: two processes of one system would
 * each start a chain of their own.
 * @throws MooringError `endpoints-missing`
 */
export function requiredEndpoints(config: Config): Endpoints {
  const missing = [
    ...(config.solanaRpcUrls.length === 0 ? ['SOLANA_RPC_URL'] : []),
    ...(config.mongodbUri === undefined ? ['MONGODB_URI'] : []),
  ];
  if (config.mongodbUri === undefined || missing.length > 0) {
    throw new MooringError(
      'endpoints-missing',
      `${missing.join(' and ')} not set. Copy .env.example to .env and fill it in, or try everything with an embedded ` +
        'chain and database: npm run dev, or npx mooring dev where mooring is a dependency',
    );
  }
  const wsUrls = config.solanaWsUrls.length > 0 ? config.solanaWsUrls : config.solanaRpcUrls.map(webSocketUrlOf);
  return { rpcUrls: config.solanaRpcUrls, wsUrls, mongodbUri: config.mongodbUri };
}
