import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mongo } from 'mongoose';
import { systemClock } from '../lib/clock.js';
import { MooringError, messageOf } from '../lib/errors.js';
import { localUri } from './database-uri.js';
import type { DevDatabase } from './dev-database.js';
import { startEmbeddedProcess, type EmbeddedProcess } from './embedded-process.js';
import { findFreePorts } from './free-port.js';
import type { DatabaseKind } from './resolve-database.js';
import { processRecordsDir, takeDirectory } from './state-directory.js';

export interface DatabaseServerOptions {
  readonly kind: DatabaseKind;
  readonly command: string;
  readonly args: (port: number, storageDir: string) => string[];
  /** Data survives in this directory; without it in a temporary one that is removed at the end. */
  readonly dataDir?: string | undefined;
  readonly log: (line: string) => void;
  /** Once it answers: what else it needs before it takes writes (a replica set to initiate). */
  readonly prepare?: (client: mongo.MongoClient, port: number) => Promise<void>;
}

const START_ATTEMPTS = 3;
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/**
 * Starts a MongoDB-compatible server on a loopback port of its own and returns when it is a primary that takes writes.
 * Tries another port when it ends by itself. Throws MooringError `database-failed`, `database-slow`, `data-dir-in-use`.
 */
export async function startDatabaseServer(options: DatabaseServerOptions): Promise<DevDatabase> {
  const recordsDir = processRecordsDir(options.dataDir);
  takeDirectory(recordsDir, options.dataDir, options.log);
  let failure = '';
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const port = await findFreePorts();
    const home = options.dataDir ? resolve(options.dataDir) : mkdtempSync(join(tmpdir(), 'mooring-database-'));
    // Apart by kind: one server does not read what another wrote.
    const storageDir = join(home, options.kind === 'memory-server' ? 'mongod' : options.kind);
    mkdirSync(storageDir, { recursive: true });
    const server = await startEmbeddedProcess({
      command: options.command,
      args: options.args(port, storageDir),
      dir: home,
      temporary: options.dataDir === undefined,
      recordsDir,
    });
    try {
      const version = await waitUntilReady(server, port, options.prepare);
      return { kind: options.kind, uri: localUri(port), version, stop: () => server.stop() };
    } catch (error) {
      const ended = server.failure();
      await server.stop();
      if (ended === undefined) throw error;
      failure = ended;
    }
  }
  throw new MooringError('database-failed', `The embedded database does not start: ${failure}`);
}

async function waitUntilReady(
  server: EmbeddedProcess,
  port: number,
  prepare: DatabaseServerOptions['prepare'],
): Promise<string> {
  const deadline = systemClock.monotonic() + READY_TIMEOUT_MS;
  let last: unknown = 'no answer';
  while (server.failure() === undefined && systemClock.monotonic() < deadline) {
    const client = new mongo.MongoClient(localUri(port), { serverSelectionTimeoutMS: 1_000 });
    try {
      await client.connect();
      await prepare?.(client, port);
      const hello = await client.db('admin').command({ hello: 1 });
      if (hello['isWritablePrimary'] === true) {
        const { version } = (await client.db('admin').command({ buildInfo: 1 })) as { version?: string };
        return version ?? 'unknown';
      }
      last = 'it is no primary yet';
    } catch (error) {
      last = error;
    } finally {
      await client.close();
    }
    await systemClock.sleep(POLL_MS);
  }
  throw new MooringError(
    'database-slow',
    `The embedded database is not ready after ${READY_TIMEOUT_MS / 1000} s: ${messageOf(last)}`,
  );
}
