import { Keypair } from '@solana/web3.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import { startDatabase } from '../../src/dev/embedded-database.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { redPacketRoutes } from '../../src/domains/red-packets/routes.js';
import { startStack } from '../demo/start-stack.js';

/** What the load is put on. */
export interface LoadGround {
  readonly chain: DevChain;
  readonly apiUrl: string;
  readonly stop: () => Promise<void>;
}

/** A system of our own: chain, database, worker and API, gone afterwards. */
export async function startOwnGround(): Promise<LoadGround> {
  const chain = await startChain({ programs: projectPrograms(['red-packets']) });
  const database = await startDatabase();
  const name = `mooring_load_${Keypair.generate().publicKey.toBase58().slice(0, 8).toLowerCase()}`;
  const stack = await startStack({
    ...{ chain, database, domains: [redPacketRoutes()], signers: [] },
    environment: { MONGODB_DATABASE: name, PORT: '0', LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '1000000' },
  });
  return {
    chain,
    apiUrl: stack.api.url,
    stop: async () => {
      await stack.drain();
      await stack.foundation.close();
      await database.stop();
      await chain.stop();
    },
  };
}

/** Somebody's running system. Its chain must have a faucet, or there is nobody to claim. */
export async function openGround(apiUrl: string, rpcUrl: string): Promise<LoadGround> {
  const chain = await startChain({ rpcUrls: [rpcUrl] });
  return { chain, apiUrl, stop: () => chain.stop() };
}
