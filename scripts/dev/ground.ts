import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import type { Config } from '../../src/config/env.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import type { DevDatabase } from '../../src/dev/dev-database.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import { startDatabase } from '../../src/dev/embedded-database.js';
import { findFreePorts, isPortFree } from '../../src/dev/free-port.js';
import { projectPrograms } from '../../src/dev/project-programs.js';

/** What stays while the stack starts anew again and again: chain, database, and the API's port. */
export interface DevGround {
  readonly chain: DevChain['kind'];
  readonly database: DevDatabase['kind'];
  /** What the stack is told, as environment variables. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Finds or starts chain and database. What belongs to the chain lives as long as the chain: the database of an embedded
 * Surfnet is as temporary as the Surfnet.
 */
export async function layGround(options: {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string;
  readonly kind: 'surfnet' | 'validator';
  readonly log: (line: string) => void;
  readonly cleanUp: (undo: () => Promise<void>) => void;
}): Promise<DevGround> {
  const { config, environment, dataDir, kind, log, cleanUp } = options;
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

  // Somebody's own server outlives the chain: then the database in it is named for this start, and goes with it.
  const isPassing = database.kind === 'external' && !survives && !environment['MONGODB_DATABASE'];
  const passing = `mooring_dev_${randomBytes(4).toString('hex')}`;
  if (isPassing) cleanUp(() => dropDatabase(database.uri, passing));
  return {
    chain: chain.kind,
    database: database.kind,
    environment: {
      SOLANA_RPC_URL: chain.rpcUrls.join(','),
      SOLANA_WS_URL: chain.wsUrls.join(','),
      MONGODB_URI: database.uri,
      ...(isPassing ? { MONGODB_DATABASE: passing } : {}),
      PORT: String(await choosePort(config.port, Boolean(environment['PORT']))),
    },
  };
}

/** At the usual port; when that is taken and nobody asked for it, at any. */
async function choosePort(port: number, wasChosen: boolean): Promise<number> {
  if (port !== 0 && (wasChosen || (await isPortFree(port)))) return port;
  return findFreePorts();
}

async function dropDatabase(uri: string, name: string): Promise<void> {
  const client = await new mongo.MongoClient(uri).connect();
  await client
    .db(name)
    .dropDatabase()
    .finally(() => client.close());
}
