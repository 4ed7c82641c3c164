import { mongo } from 'mongoose';
import { startDatabaseServer } from './database-server.js';
import type { DevDatabase } from './dev-database.js';

const SET_NAME = 'mooring';
/** Server codes: replSetGetConfig before replSetInitiate, and replSetInitiate a second time. */
const NOT_YET_INITIALIZED = 94;
const ALREADY_INITIALIZED = 23;

interface ReplicaSetConfig {
  readonly version: number;
  readonly members: readonly { readonly host: string }[];
}

/**
 * A real mongod as a one-node replica set, which is what gives it transactions. `kind` says where the binary came from.
 */
export function startMongod(options: {
  kind: 'mongod' | 'memory-server';
  binary: string;
  dataDir?: string | undefined;
  log: (line: string) => void;
}): Promise<DevDatabase> {
  return startDatabaseServer({
    kind: options.kind,
    command: options.binary,
    args: (port, storageDir) => [
      ...['--replSet', SET_NAME, '--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', storageDir],
      // Its default takes half of the memory for the cache; a development database shares the machine.
      ...['--wiredTigerCacheSizeGB', '0.5', '--nounixsocket'],
    ],
    dataDir: options.dataDir,
    log: options.log,
    prepare: ensureReplicaSet,
  });
}

/** Initiates the set, or moves one kept in a data directory to the port of today. Safe to repeat. */
async function ensureReplicaSet(client: mongo.MongoClient, port: number): Promise<void> {
  const admin = client.db('admin');
  const host = `127.0.0.1:${port}`;
  const config = await currentConfig(admin);
  if (config === undefined) {
    try {
      await admin.command({ replSetInitiate: { _id: SET_NAME, members: [{ _id: 0, host }] } });
    } catch (error) {
      if (!hasCode(error, ALREADY_INITIALIZED)) throw error;
    }
  } else if (config.members[0]?.host !== host) {
    // Forced: with yesterday's port in its configuration the node is no member of its own set and elects nobody.
    const moved = { ...config, version: config.version + 1, members: [{ ...config.members[0], host }] };
    await admin.command({ replSetReconfig: moved, force: true });
  }
}

async function currentConfig(admin: mongo.Db): Promise<ReplicaSetConfig | undefined> {
  try {
    return ((await admin.command({ replSetGetConfig: 1 })) as { config: ReplicaSetConfig }).config;
  } catch (error) {
    if (hasCode(error, NOT_YET_INITIALIZED)) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof mongo.MongoServerError && error.code === code;
}
