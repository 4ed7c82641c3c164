import { spawn, type ChildProcess } from 'node:child_process';
import { nodeArguments } from '../../src/dev/node-arguments.js';
import { packageRoot } from '../../src/dev/package-root.js';

/** A worker of this project in a process of its own. */
export interface WorkerChild {
  readonly pid: number;
  /** What it wrote so far, both streams together. */
  output(): string;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Resolves when it says that it is up (src/app/run-process.ts), or when it has ended. */
  readonly ready: Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** The entry points that a drill starts. */
export type WorkerName = 'api' | 'event-listener.worker' | 'delivery.worker';

/**
 * Starts `workers/<name>` with this environment and nothing else of ours but PATH and HOME. Node itself is started,
 * not a wrapper, so that a signal to the pid reaches the worker. It is killed when we exit.
 */
export function startWorkerChild(name: WorkerName, environment: Readonly<Record<string, string>>): WorkerChild {
  return startChild(process.execPath, nodeArguments(`../../workers/${name}`, import.meta.url), environment);
}

/** Starts any command in the project's folder in the same way. */
export function startChild(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): WorkerChild {
  const child: ChildProcess = spawn(command, args, {
    cwd: packageRoot(),
    // `DOTENV`-free: a .env of the developer must not change what is tried here, and set variables win over it.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const killOnExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', killOnExit);
      resolve(code ?? signal ?? 0);
    });
  });
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve();
    });
    void ended.finally(resolve).catch(() => undefined);
  });
  return { pid: child.pid ?? 0, ready, output: () => output, ended, kill: (signal) => void child.kill(signal) };
}
