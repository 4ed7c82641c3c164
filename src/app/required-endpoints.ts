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
  const { solanaRpcUrls, mongodbUri } = config;
  if (mongodbUri === undefined || solanaRpcUrls.length === 0) {
    throw missing([
      ...(solanaRpcUrls.length === 0 ? ['SOLANA_RPC_URL'] : []),
      ...(mongodbUri === undefined ? ['MONGODB_URI'] : []),
    ]);
  }
  const wsUrls = config.solanaWsUrls.length > 0 ? config.solanaWsUrls : solanaRpcUrls.map(webSocketUrlOf);
  return { rpcUrls: solanaRpcUrls, wsUrls, mongodbUri };
}

/** The database alone, for what asks the chain nothing. @throws MooringError `endpoints-missing` */
export function requiredDatabase({ mongodbUri }: Pick<Config, 'mongodbUri'>): string {
  if (mongodbUri === undefined) throw missing(['MONGODB_URI']);
  return mongodbUri;
}

function missing(variables: readonly string[]): MooringError {
  return new MooringError(
    'endpoints-missing',
    `${variables.join(' and ')} not set. Fill in their lines in .env (.env.example documents every setting), or try everything with an embedded ` +
      'chain and database: npm run dev, or npx mooring dev where mooring is a dependency',
  );
}
