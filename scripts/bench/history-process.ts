import { spawn } from 'node:child_process';
import { nodeArguments } from '../../src/dev/node-arguments.js';
import type { HistoryNodeOptions } from './history-node.js';
import type { HistoryServerOptions, HistoryServerStats } from './history-server.js';

/** What is served, and how. */
export interface HistoryProcessOptions extends HistoryNodeOptions, HistoryServerOptions {
  readonly seed: number;
  /** Events at least. */
  readonly events: number;
}

/** What the serving process says first. */
export interface HistoryServed {
  readonly url: string;
  readonly events: number;
  readonly transactions: number;
  readonly firstSlot: number;
  readonly lastSlot: number;
}

/** A generated history served by a process of its own. */
export interface HistoryProcess extends HistoryServed {
  stats(): Promise<HistoryServerStats>;
  stop(): Promise<void>;
}

const CHILD = nodeArguments('history-child', import.meta.url);

/** Starts it. In a process of its own it does not take time from the one that is measured. */
export async function startHistoryProcess(options: HistoryProcessOptions): Promise<HistoryProcess> {
  const args = [...CHILD, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  const next = <T>() =>
    new Promise<T>((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the history's process ended with ${code}`));
      child.once('exit', onExit);
      child.once('message', (message) => {
        child.off('exit', onExit);
        resolve(message as T);
      });
    });
  const served = await next<HistoryServed>();
  return {
    ...served,
    stats: () => {
      const answer = next<HistoryServerStats>();
      child.send('stats');
      return answer;
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
    },
  };
}
