import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MooringError } from '../lib/errors.js';
import { clearOrphans, liveOwnerOf } from './orphan-processes.js';
import { packageRoot } from './package-root.js';

/** What the development stack keeps between runs (venv, downloads, process records). */
export function cacheDirectory(): string {
  const root = packageRoot();
  // Installed as a dependency, the package's own directory is npm's to delete: then the application's.
  return join(/[/\\]node_modules[/\\]/.test(root) ? process.cwd() : root, '.cache');
}

/** Where servers are recorded: beside the data they hold, or in the cache when their data is temporary. */
export function processRecordsDir(dataDir: string | undefined): string {
  return dataDir === undefined ? join(cacheDirectory(), 'processes') : resolve(dataDir);
}

/**
 * Clears away what a dead owner left behind; for a data directory also makes sure that nobody alive is using it.
 * Throws MooringError `data-dir-in-use`, `orphan-stays`.
 */
export function takeDirectory(recordsDir: string, dataDir: string | undefined, log: (line: string) => void): void {
  clearOrphans(recordsDir, log);
  if (dataDir === undefined) return;
  mkdirSync(dataDir, { recursive: true });
  const owner = liveOwnerOf(recordsDir);
  if (owner !== undefined) {
    throw new MooringError('data-dir-in-use', `${dataDir} is in use by process ${owner}: end that one or use another.`);
  }
}
