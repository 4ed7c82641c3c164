import { spawn, type ChildProcess } from 'node:child_process';
import { nodeArguments } from '../../src/dev/node-arguments.js';
import { coupons } from '../../src/domains/coupons/module.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import type { BackfillSummary } from '../backfill/report.js';
import type { MemoryState } from './memory-probe.js';
import type { BenchDatabase } from './pipeline-bed.js';

/** Where the command finds the chain and the database. */
export interface BackfillTarget {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly mongodbUri: string;
  readonly database: BenchDatabase;
}

/** The command while it runs. */
export interface RunningBackfill {
  /** Records in the ledger. */
  readonly stored: number;
  /** Of its process, garbage collected. Null when it has ended. */
  readonly memory: () => Promise<MemoryState | null>;
}

const COMMAND = nodeArguments('../backfill', import.meta.url);
const MEMORY_ANSWERS = nodeArguments('memory-answers', import.meta.url);
const LOOK_EVERY_MS = 100;

/**
 * Runs the real command in a process of its own; kills it (-9) as soon as `isTime`. Null when it was killed.
 * @throws when it ends otherwise than complete.
 */
export async function runBackfill(
  target: BackfillTarget,
  isTime: (running: RunningBackfill) => boolean | Promise<boolean> = () => false,
): Promise<BackfillSummary | null> {
  const child = start(target);
  let [stdout, stderr, killed] = ['', '', false];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  while (child.exitCode === null && !killed) {
    const stored = await target.database.db.collection('ledger_events').estimatedDocumentCount();
    if (await isTime({ stored, memory: () => askMemory(child) })) killed = child.kill('SIGKILL');
    else await Promise.race([ended, clock.sleep(LOOK_EVERY_MS)]);
  }
  const code = await ended;
  if (killed) return null;
  if (code !== 0) throw new Error(`the backfill ended with exit code ${code}: ${stderr.trim() || stdout.trim()}`);
  const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as BackfillSummary;
  if (!summary.complete) throw new Error(`the backfill ended with ${summary.outcome}`);
  return summary;
}

/** Kills the command (-9) `kills` times, spread evenly over the events it is to store, then lets it end. */
export async function runKilled(
  target: BackfillTarget,
  events: number,
  kills: number,
  onKill: (kill: number) => void,
): Promise<void> {
  for (let kill = 1; kill <= kills; kill++) {
    await runBackfill(target, ({ stored }) => stored > (kill * events) / (kills + 1));
    onKill(kill);
  }
  await runBackfill(target);
}

function start({ rpcUrl, wsUrl, mongodbUri, database }: BackfillTarget): ChildProcess {
  const imports = [...MEMORY_ANSWERS.slice(0, -1), '--import', MEMORY_ANSWERS.at(-1) as string];
  return spawn(process.execPath, ['--expose-gc', ...imports, ...COMMAND, '--program', coupons.name, '--json'], {
    env: {
      ...process.env,
      ...{ SOLANA_RPC_URL: rpcUrl, SOLANA_WS_URL: wsUrl, MONGODB_URI: mongodbUri, MONGODB_DATABASE: database.name },
      // Whoever goes on after a kill waits as long to see that nobody lives.
      LEASE_TERM_MS: '2000',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

function askMemory(child: ChildProcess): Promise<MemoryState | null> {
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
