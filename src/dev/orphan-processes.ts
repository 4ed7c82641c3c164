import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MooringError } from '../lib/errors.js';
import { commandLineOf, isRunning, type ProcessIdentity } from './process-identity.js';

/** A server process we started, written down so that the next start can clear it away if we die without a word. */
export interface ProcessRecord {
  readonly owner: ProcessIdentity;
  readonly server: ProcessIdentity;
  /** Stands in the server's command line: a pid alone may meanwhile belong to a stranger. */
  readonly commandMarker: string;
  /** Removed with the server, when it was only ever temporary. */
  readonly temporaryDir?: string;
}

const RECORD_SUFFIX = '.process.json';
const NAP_MS = 20;
const PATIENCE_MS = 5_000;

/** Writes the record into `recordsDir` and returns its path, to be given to `forgetProcess`. */
export function recordProcess(recordsDir: string, record: ProcessRecord): string {
  mkdirSync(recordsDir, { recursive: true });
  const path = join(recordsDir, `${record.server.pid}${RECORD_SUFFIX}`);
  writeFileSync(path, JSON.stringify(record));
  return path;
}

/** Removes a record whose server has ended. */
export function forgetProcess(recordPath: string): void {
  rmSync(recordPath, { force: true });
}

/**
 * Ends every recorded server whose owner is gone, and removes its temporary directory. A server whose owner lives is
 * left alone. Returns the ids of the processes it killed. Throws MooringError `orphan-stays` when one survives SIGKILL.
 */
export function clearOrphans(recordsDir: string, log: (line: string) => void): number[] {
  const killed: number[] = [];
  for (const path of recordPaths(recordsDir)) {
    const record = readRecord(path);
    if (record === undefined) continue;
    if (isRunning(record.owner)) continue;
    if (isRunning(record.server) && commandLineOf(record.server.pid)?.includes(record.commandMarker)) {
      log(`ending process ${record.server.pid}, left behind by process ${record.owner.pid}`);
      endAndWait(record.server, record.temporaryDir === undefined);
      killed.push(record.server.pid);
    }
    if (record.temporaryDir !== undefined) rmSync(record.temporaryDir, { recursive: true, force: true });
    forgetProcess(path);
  }
  return killed;
}

/** The id of a living process that has a server running on this directory, or undefined. */
export function liveOwnerOf(recordsDir: string): number | undefined {
  for (const path of recordPaths(recordsDir)) {
    const record = readRecord(path);
    if (record && isRunning(record.owner) && isRunning(record.server)) return record.owner.pid;
  }
  return undefined;
}

function recordPaths(recordsDir: string): string[] {
  try {
    return readdirSync(recordsDir)
      .filter((name) => name.endsWith(RECORD_SUFFIX))
      .map((name) => join(recordsDir, name));
  } catch {
    return [];
  }
}

function readRecord(path: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessRecord;
  } catch {
    // Being written at this moment by its owner, or cut short by a full disk: neither can be acted on.
    return undefined;
  }
}

/**
 * Blocks: it runs at a start, before the files of the dead server are opened by a new one. One with data to keep is
 * asked first (SIGTERM).
 */
function endAndWait(server: ProcessIdentity, hasDataToKeep: boolean): void {
  if (hasDataToKeep) {
    signal(server, 'SIGTERM');
    if (waitForEnd(server)) return;
  }
  signal(server, 'SIGKILL');
  if (!waitForEnd(server)) {
    throw new MooringError('orphan-stays', `Process ${server.pid} does not end: kill it, then start again.`);
  }
}

function waitForEnd(server: ProcessIdentity): boolean {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < PATIENCE_MS; waited += NAP_MS) {
    if (!isRunning(server)) return true;
    Atomics.wait(nap, 0, 0, NAP_MS);
  }
  return !isRunning(server);
}

function signal(server: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(server.pid, name);
  } catch {
    // It ended by itself.
  }
}
