import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { systemClock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.js';

const POLL_MS = 200;
/** A lock file without a readable owner: just being written, or left by a crash in between. */
const UNREADABLE_COUNTS_MS = 2_000;

/**
 * Runs `work` while no other process of this machine holds the lock. One left by a dead process is taken over. Throws
 * MooringError `lock-timeout` after `timeoutMs`, and what `work` throws.
 */
export async function withFileLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = systemClock.monotonic() + timeoutMs;
  let unreadableSince: number | undefined;
  while (!tryLock(path)) {
    const owner = readOwner(path);
    const now = systemClock.monotonic();
    unreadableSince = owner === undefined ? (unreadableSince ?? now) : undefined;
    const isStale = owner
      ? !isRunning(owner)
      : unreadableSince !== undefined && now - unreadableSince > UNREADABLE_COUNTS_MS;
    if (isStale) removeStale(path, owner);
    else if (now > deadline) {
      throw new MooringError(
        'lock-timeout',
        `Process ${owner?.pid ?? '?'} holds ${path} too long: end it and try again.`,
      );
    } else await systemClock.sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, JSON.stringify(identifyProcess(process.pid)));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Another process may have found it stale too, and hold the lock anew by now: so the file is moved aside in one step,
 * looked at, and put back when it is not the one we meant.
 */
function removeStale(path: string, staleOwner: ProcessIdentity | undefined): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (JSON.stringify(readOwner(aside)) !== JSON.stringify(staleOwner)) linkSync(aside, path);
  } catch {
    // Somebody else removed it first, or took the lock in between.
  }
  rmSync(aside, { force: true });
}

function readOwner(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
