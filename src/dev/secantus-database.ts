import { startDatabaseServer } from './database-server.js';
import type { DevDatabase } from './dev-database.js';

/**
 * Both SecantusDB servers announce themselves as a one-node replica set, so transactions and change streams work.
 * Without `--sync-on-commit` a kill -9 can lose the last acknowledged transactions: asked for where data is to survive.
 */
export function startSecantus(options: {
  kind: 'secantus-rs' | 'secantus-py';
  binary: string;
  dataDir?: string | undefined;
  log: (line: string) => void;
}): Promise<DevDatabase> {
  return startDatabaseServer({
    kind: options.kind,
    command: options.binary,
    args: (port, storageDir) => [
      ...['--host', '127.0.0.1', '--port', String(port), '--storage-path', storageDir],
      // With 512 MB it stood still for a minute at a time once 60,000 events were written: its cache was full of what it
      // could not yet write away. It is an upper bound, and a mongod's own default is half of the memory.
      ...['--cache-size', '2G', '--log-level', 'WARNING'],
      ...(options.dataDir === undefined ? [] : ['--sync-on-commit']),
    ],
    dataDir: options.dataDir,
    log: options.log,
  });
}
