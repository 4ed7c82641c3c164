import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOnExit } from '../../src/dev/end-on-exit.js';
import { packageRoot } from '../../src/dev/package-root.js';
import { identifyProcess, isRunning, type ProcessIdentity } from '../../src/dev/process-identity.js';
import { systemClock } from '../../src/lib/clock.js';
import { MooringError } from '../../src/lib/errors.js';

/** PM2 with a home of its own: nobody else's processes are in it, and nothing of it is left afterwards. */
export interface Pm2Daemon {
  /** Runs a command of PM2's and returns what it printed. Throws MooringError `pm2-failed` with it when it fails. */
  run(...args: readonly string[]): Promise<string>;
  /** The pid of this app's process; null while there is none. */
  pidOf(app: string): number | null;
  /** How often this app was up: each time its process said that it was ready. */
  timesReady(app: string): number;
  /** What PM2 wrote about how this app's processes ended, oldest first, such as `code [0] via signal [SIGINT]`. */
  endsOf(app: string): string[];
  /** The last lines that the apps wrote. */
  lastWords(): string;
  /** Stops the apps, then the daemon; what still lives of them is killed by its pid. Returns those pids. */
  end(): Promise<number[]>;
}

const LAST_WORDS_BYTES = 2_000;
/** A command of PM2's returns when the processes it is about are up or gone; one that takes longer hangs. */
const COMMAND_TIMEOUT_MS = 180_000;
const GONE_WITHIN_MS = 5_000;
const NAP_MS = 20;

/** Makes PM2's home. The daemon starts with the first command and hands `environment` on to the apps. */
export function openPm2(environment: Readonly<Record<string, string>>): Pm2Daemon {
  const home = mkdtempSync(join(tmpdir(), 'mooring-pm2-'));
  const command = fileURLToPath(import.meta.resolve('pm2/bin/pm2'));
  const env = {
    ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], PM2_HOME: home },
    // Neither its banner nor its questions to its maker's server.
    ...{ PM2_DISCRETE_MODE: 'true', PM2_DISABLE_VERSION_CHECK: 'true', PM2_NO_INTERACTION: 'true' },
    ...environment,
  };
  // Every process of it that was ever seen: a pid alone may meanwhile belong to a stranger.
  const known = new Map<string, ProcessIdentity>();

  const read = (...path: readonly string[]): string => {
    try {
      return readFileSync(join(home, ...path), 'utf8');
    } catch {
      return '';
    }
  };
  const list = (folder: string, ending: string): string[] => {
    try {
      return readdirSync(join(home, folder)).filter((name) => name.endsWith(ending));
    } catch {
      return [];
    }
  };
  const pidIn = (...path: readonly string[]): number | null => {
    const found = identifyProcess(Number(read(...path)));
    if (!found) return null;
    known.set(`${found.pid} ${found.startedAt}`, found);
    return found.pid;
  };
  const alive = (): number[] => {
    pidIn('pm2.pid');
    for (const file of list('pids', '.pid')) pidIn('pids', file);
    return [...known.values()].filter(isRunning).map(({ pid }) => pid);
  };
  const killAll = (): number[] => {
    const left = alive();
    for (const pid of left) kill(pid);
    return left;
  };
  const forgetExit = endOnExit(() => {
    killAll();
    rmSync(home, { recursive: true, force: true });
  });

  const run = (...args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = { cwd: packageRoot(), env, timeout: COMMAND_TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
      execFile(process.execPath, [command, ...args, '--no-color'], options, (error, stdout, stderr) => {
        alive();
        if (!error) return resolve(stdout);
        const said = `${stdout}${stderr}`.trim().slice(-LAST_WORDS_BYTES);
        reject(new MooringError('pm2-failed', `pm2 ${args.join(' ')} failed: ${said || error.message}`));
      });
    });
  const lines = (app: string): string[] =>
    read('pm2.log')
      .split('\n')
      .filter((line) => line.includes(`App [${app}:`));

  return {
    run,
    pidOf: (app) => {
      const file = list('pids', '.pid').find((name) => name.replace(/-\d+\.pid$/, '') === app);
      return file === undefined ? null : pidIn('pids', file);
    },
    timesReady: (app) => lines(app).filter((line) => line.endsWith('] online')).length,
    endsOf: (app) => lines(app).flatMap((line) => /exited with (code \[.*)$/.exec(line)?.[1] ?? []),
    lastWords: () =>
      list('logs', '.log')
        .map((file) => `${file}: ${read('logs', file).trimEnd().slice(-LAST_WORDS_BYTES)}`)
        .join('\n'),
    end: async () => {
      await run('kill').catch(() => undefined);
      const deadline = systemClock.monotonic() + GONE_WITHIN_MS;
      while (alive().length > 0 && systemClock.monotonic() < deadline) await systemClock.sleep(NAP_MS);
      const left = killAll();
      forgetExit();
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
      return left;
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
