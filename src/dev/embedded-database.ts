import { join } from 'node:path';
import { systemClock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import type { DevDatabase } from './dev-database.js';
import { downloadedMongod, downloadFailedLately, hasDownloadedMongod } from './downloaded-mongod.js';
import { findOnPath } from './find-on-path.js';
import { startMongod } from './mongod-database.js';
import { secantusInVenv } from './python-venv.js';
import { resolveDatabase, type DatabaseChoice } from './resolve-database.js';
import { startSecantus } from './secantus-database.js';

export interface StartDatabaseOptions {
  /** `MONGODB_URI`: used as it is, nothing is started. */
  readonly uri?: string | undefined;
  /** Data survives restarts in `database/` of this directory; without it, it is removed at the end. */
  readonly dataDir?: string | undefined;
  readonly log?: (line: string) => void;
}

/**
 * The database to develop against: the given one, or the best this machine has, started here on loopback:
 * `mongod` on PATH, `secantusd-rs` on PATH, a downloaded mongod, SecantusDB from PyPI. Throws MooringError
 * `no-database` with what to install, `database-failed`, `database-slow`, `data-dir-in-use`.
 */
export async function startDatabase(options: StartDatabaseOptions = {}): Promise<DevDatabase> {
  const log = options.log ?? (() => {});
  const choices = resolveDatabase(options, {
    find: (name) => findOnPath(name),
    hasDownloadedMongod: hasDownloadedMongod(),
    downloadFailedLately: downloadFailedLately(systemClock.now()),
  });
  for (const choice of choices) {
    const database = await start(choice, options.dataDir && join(options.dataDir, 'database'), log);
    if (database !== undefined) return database;
  }
  throw new MooringError('no-database', 'There is no MongoDB here: set MONGODB_URI or install mongod.');
}

async function start(
  choice: DatabaseChoice,
  dataDir: string | undefined,
  log: (line: string) => void,
): Promise<DevDatabase | undefined> {
  switch (choice.kind) {
    case 'external':
      return { kind: 'external', uri: choice.uri, stop: async () => {} };
    case 'mongod':
      return startMongod({ kind: 'mongod', binary: choice.binary, dataDir, log });
    case 'secantus-rs':
      return startSecantus({ kind: 'secantus-rs', binary: choice.binary, dataDir, log });
    case 'memory-server': {
      const binary = await downloadedMongod(log);
      return binary === undefined ? undefined : startMongod({ kind: 'memory-server', binary, dataDir, log });
    }
    case 'secantus-py':
      return startSecantus({ kind: 'secantus-py', binary: await secantusInVenv(log), dataDir, log });
  }
}
