import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MooringError } from '../lib/errors.js';
import { endOnExit } from './end-on-exit.js';
import { forgetProcess, recordProcess } from './orphan-processes.js';
import { identifyProcess } from './process-identity.js';

export interface EmbeddedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Where its output goes (`output.log`). Must stand in `args`: that is how an orphan is recognized. */
  readonly dir: string;
  /** Remove `dir` at the end: nothing in it is to survive. */
  readonly temporary: boolean;
  /** Where the record for the next start goes, see orphan-processes.ts. */
  readonly recordsDir: string;
}

export interface EmbeddedProcess {
  readonly pid: number;
  /** Undefined while it runs; then a sentence with its last output. */
  failure(): string | undefined;
  /** SIGTERM, after `patienceMs` SIGKILL; at once SIGKILL when its data is temporary. Safe to call twice. */
  stop(): Promise<void>;
}

const PATIENCE_MS = 10_000;
const LAST_OUTPUT_BYTES = 1_500;

/**
 * Starts a server of the development stack that does not outlive us: ended by its process id on `stop`, on our exit
 * or crash, and, when we were killed outright, by the next start.
 * Throws MooringError `spawn-failed` when it cannot be started at all.
 */
export async function startEmbeddedProcess(options: EmbeddedProcessOptions): Promise<EmbeddedProcess> {
  const outputPath = join(options.dir, 'output.log');
  const output = openSync(outputPath, 'w');
  // A process group of its own: Ctrl-C in the terminal must reach us alone, so that we can end in good order.
  const child = spawn(options.command, options.args, { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  const pid = await spawned(child, options.command).catch((error: unknown) => {
    if (options.temporary) rmSync(options.dir, { recursive: true, force: true });
    throw error;
  });
  let failure: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      failure = `${options.command} ended (${signal ?? `exit code ${code}`}): ${lastOutput(outputPath)}`;
      resolve();
    });
  });
  child.unref();

  const server = identifyProcess(pid);
  const owner = identifyProcess(process.pid);
  const recordPath =
    server && owner
      ? recordProcess(options.recordsDir, {
          owner,
          server,
          commandMarker: options.dir,
          ...(options.temporary ? { temporaryDir: options.dir } : {}),
        })
      : undefined;
  const tidy = (): void => {
    if (options.temporary) rmSync(options.dir, { recursive: true, force: true, maxRetries: 3 });
    if (recordPath !== undefined) forgetProcess(recordPath);
  };
  const stayOnExit = endOnExit(() => {
    child.kill(options.temporary ? 'SIGKILL' : 'SIGTERM');
    // One that still writes its data down keeps its record: the next start waits for its end.
    if (options.temporary) tidy();
  });

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    if (failure === undefined) {
      child.ref();
      child.kill(options.temporary ? 'SIGKILL' : 'SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await ended;
      clearTimeout(timer);
    }
    stayOnExit();
    tidy();
  };
  return { pid, failure: () => failure, stop: () => (stopping ??= stop()) };
}

function spawned(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(new MooringError('spawn-failed', `Cannot start ${command}: ${error.message}`, { cause: error }));
    });
    child.once('spawn', () => resolve(child.pid as number));
  });
}

function lastOutput(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-LAST_OUTPUT_BYTES).trim() || 'it said nothing';
  } catch {
    return 'its output is gone';
  }
}
