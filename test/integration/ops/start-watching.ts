import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { nodeArguments } from '../../../src/dev/node-arguments.js';
import type { Endpoints } from '../../../src/app/foundation.js';
import { eventually } from '../../support/eventually.js';

/** A process of its own that watches for alerts. */
export interface WatchingProcess {
  readonly pid: number;
  /** Only now it begins to watch. */
  go(): void;
  /** Until it has stopped itself. */
  stopped(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code and signal. */
  readonly ended: Promise<unknown>;
}

/** Starts `watching-process.ts`; it stands ready for `go` when this resolves. */
export async function startWatching(
  settings: Readonly<Record<string, string>>,
  { mongodbUri, ...endpoints }: Endpoints,
  stopsAt?: string,
): Promise<WatchingProcess> {
  const script = nodeArguments('./watching-process', import.meta.url);
  const uri = new URL(mongodbUri);
  uri.searchParams.set('monitorCommands', 'true');
  const args = [JSON.stringify(settings), JSON.stringify({ ...endpoints, mongodbUri: uri.href })];
  const child = spawn(process.execPath, [...script, ...args, ...(stopsAt ? [stopsAt] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const said = (line: string) => eventually(() => lines.includes(line), { timeoutMs: 60_000 });
  const ended = once(child, 'exit');
  await said('ready');
  return {
    pid: child.pid as number,
    go: () => void child.stdin.write('go\n'),
    stopped: async () => void (await said('stopped')),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}
