import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LAMPORTS_PER_SOL, type PublicKey } from '@solana/web3.js';
import { installedDomains } from '../../src/app/installed-domains.js';
import type { Config } from '../../src/config/env.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import { startDatabase } from '../../src/dev/embedded-database.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { devApiKey, devWallets } from './dev-keys.js';
import { startStack, type Stack } from './start-stack.js';

const WALLETS = ['merchant', 'ada', 'ben'] as const;
const PURSE_LAMPORTS = 100 * LAMPORTS_PER_SOL;
/** What is left of a purse before it is filled again. */
const LOW_LAMPORTS = 10 * LAMPORTS_PER_SOL;

/** The development stack as a person needs to know it. */
export interface DevStack {
  readonly chain: DevChain;
  readonly stack: Stack;
  /** To look into with a client of one's own; null for one that MONGODB_URI names. */
  readonly databaseUri: string | null;
  readonly apiKey: string;
  readonly wallets: readonly { readonly name: string; readonly address: string; readonly path: string }[];
}

/**
 * Starts chain, database, event worker and API for development. What belongs to the chain lives as long as the chain:
 * the database of an embedded Surfnet is as temporary as the Surfnet. Wallets and API key stay the same always.
 */
export async function startDevStack(options: {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string;
  readonly kind: 'surfnet' | 'validator';
  readonly log: (line: string) => void;
  readonly cleanUp: (undo: () => Promise<void>) => void;
}): Promise<DevStack> {
  const { config, dataDir, kind, log, cleanUp } = options;
  const isEmbedded = config.solanaRpcUrls.length === 0;
  const survives = !isEmbedded || kind === 'validator';
  const chain = await startChain({
    kind,
    rpcUrls: config.solanaRpcUrls,
    wsUrls: config.solanaWsUrls,
    programs: projectPrograms(),
    ...(isEmbedded && survives ? { dataDir } : {}),
    log,
  });
  cleanUp(() => chain.stop());
  const database = await startDatabase({
    uri: config.mongodbUri,
    // By chain: one database never holds two.
    dataDir: survives ? join(dataDir, 'of-chain', chain.genesisHash) : undefined,
    log,
  });
  cleanUp(() => database.stop());

  const wallets = devWallets(dataDir, WALLETS);
  if (chain.isLocal) {
    await Promise.all(wallets.map(({ keypair }) => fillPurse(chain, keypair.publicKey)));
  }
  // Somebody's own server outlives the chain: then the database in it is named for this start, and goes with it.
  const isPassing = database.kind === 'external' && !survives && !options.environment['MONGODB_DATABASE'];
  const stack = await startStack({
    chain,
    database,
    domains: await installedDomains(config),
    signers: wallets.map(({ keypair }) => keypair),
    environment: {
      ...options.environment,
      ...(isPassing ? { MONGODB_DATABASE: `mooring_dev_${randomBytes(4).toString('hex')}` } : {}),
    },
  });
  cleanUp(async () => {
    if (isPassing) await stack.foundation.mongo.db.dropDatabase().catch(() => undefined);
    await stack.foundation.close();
  });
  cleanUp(() => stack.drain());
  return {
    chain,
    stack,
    databaseUri: database.kind === 'external' ? null : database.uri,
    apiKey: await devApiKey(dataDir, stack.foundation.mongo.db, stack.api.apiKeys),
    wallets: wallets.map(({ name, path, keypair }) => ({ name, path, address: keypair.publicKey.toBase58() })),
  };
}

async function fillPurse(chain: DevChain, address: PublicKey): Promise<void> {
  const response = await fetch(chain.rpcUrls[0] as string, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getBalance', params: [address.toBase58()] }),
  });
  const { result } = (await response.json()) as { result?: { value?: number } };
  if ((result?.value ?? 0) < LOW_LAMPORTS) await chain.fund(address, PURSE_LAMPORTS);
}
