import { randomBytes } from 'node:crypto';
import type { DevChain } from '../../src/dev/dev-chain.js';
import type { DevDatabase } from '../../src/dev/dev-database.js';

/** The settings of processes that are to be killed, as environment variables: a database of their own, and short terms. */
export function drillEnvironment(chain: DevChain, database: DevDatabase) {
  return {
    SOLANA_RPC_URL: chain.rpcUrls.join(','),
    SOLANA_WS_URL: chain.wsUrls.join(','),
    MONGODB_URI: database.uri,
    // Whose traffic is played.
    PROGRAMS: 'coupons',
    MONGODB_DATABASE: `mooring_drill_${randomBytes(4).toString('hex')}`,
    // A successor waits for the whole term of the one that was killed.
    LEASE_TERM_MS: '1000',
    SWEEP_INTERVAL_MS: '1000',
    LOG_LEVEL: 'warn',
  };
}
