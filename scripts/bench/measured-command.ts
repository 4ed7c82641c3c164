import { spawn, type ChildProcess } from 'node:child_process';
import { nodeArguments } from '../../src/dev/node-arguments.js';
import type { MemoryState } from './memory-probe.js';
import type { BenchDatabase } from './pipeline-bed.js';

/** Where a command finds the chain and the database. */
export interface CommandTarget {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly mongodbUri: string;
  readonly database: BenchDatabase;
}

const MEMORY_ANSWERS = nodeArguments('memory-answers', import.meta.url);

/** Starts a command as Node is given it (`nodeArguments`), in a process of its own that says what memory it needs. */
export function startMeasured(
  command: readonly string[],
  { rpcUrl, wsUrl, mongodbUri, database }: CommandTarget,
  settings: Readonly<Record<string, string>> = {},
): ChildProcess {
  const imports = [...MEMORY_ANSWERS.slice(0, -1), '--import', MEMORY_ANSWERS.at(-1) as string];
  return spawn(process.execPath, ['--expose-gc', ...imports, ...command], {
    env: {
      ...process.env,
      ...{ SOLANA_RPC_URL: rpcUrl, SOLANA_WS_URL: wsUrl, MONGODB_URI: mongodbUri, MONGODB_DATABASE: database.name },
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

/** Its memory, garbage collected. Null when it has ended. */
export function askMemory(child: ChildProcess): Promise<MemoryState | null> {
  return new Promise((resolve) => {
    const onExit = () => resolve(null);
    child.once('exit', onExit);
    child.once('message', (state) => {
      child.off('exit', onExit);
      resolve(state as MemoryState);
    });
    child.send('memory', (error) => {
      if (error) resolve(null);
    });
  });
}
