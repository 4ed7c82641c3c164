import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../lib/errors.js';
import { cacheDirectory } from './state-directory.js';

const FAILURE_FILE = 'mongod-download-failed.json';
/** A failed download is tried again after a day: long enough for a work day offline, short enough to heal by itself. */
const FAILURE_COUNTS_MS = 24 * 60 * 60 * 1000;

/** Whether a mongod was downloaded into `.cache/mongod` before. */
export function hasDownloadedMongod(cache = cacheDirectory()): boolean {
  try {
    return readdirSync(join(cache, 'mongod')).some((name) => name.startsWith('mongod'));
  } catch {
    return false;
  }
}

/** Whether a download failed within the last day (`now` in Unix milliseconds). Delete the file to try again at once. */
export function downloadFailedLately(now: number, cache = cacheDirectory()): boolean {
  try {
    const { at } = JSON.parse(readFileSync(join(cache, FAILURE_FILE), 'utf8')) as { at: number };
    return now - at < FAILURE_COUNTS_MS;
  } catch {
    return false;
  }
}

/**
 * The path of a mongod out of `.cache/mongod`, downloaded the first time by mongodb-memory-server. When that fails:
 * undefined, one line in the log, and a note that spares the next starts the 7 seconds it takes to fail.
 */
export async function downloadedMongod(
  log: (line: string) => void,
  cache = cacheDirectory(),
): Promise<string | undefined> {
  const downloadDir = join(cache, 'mongod');
  if (!hasDownloadedMongod(cache)) log('downloading mongod (once, about 100 MB) …');
  try {
    mkdirSync(downloadDir, { recursive: true });
    // Only its downloader: running the server is ours, so that no kind of database outlives us.
    const { MongoBinary } = await import('mongodb-memory-server-core/lib/util/MongoBinary.js');
    const path = await MongoBinary.getPath({ downloadDir });
    rmSync(join(cache, FAILURE_FILE), { force: true });
    return path;
  } catch (error) {
    // Its message is a page; the first line has the address.
    const reason = (messageOf(error).split('\n')[0] ?? '').replace(/, Details:$/, '');
    writeFileSync(join(cache, FAILURE_FILE), JSON.stringify({ at: Date.now(), reason }));
    log(`mongod cannot be downloaded (${reason}): using SecantusDB instead`);
    return undefined;
  }
}
