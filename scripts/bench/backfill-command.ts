import { nodeArguments } from '../../src/dev/node-arguments.js';
import { coupons } from '../../src/domains/coupons/module.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import type { BackfillSummary } from '../backfill/report.js';
import { askMemory, startMeasured, type CommandTarget } from './measured-command.js';
import type { MemoryState } from './memory-probe.js';

/** Where the command finds the chain and the database. */
export type BackfillTarget = CommandTarget;

/** The command while it runs. */
export interface RunningBackfill {
  /** Records in the ledger. */
  readonly stored: number;
  /** Of its process, garbage collected. Null when it has ended. */
  readonly memory: () => Promise<MemoryState | null>;
}

const COMMAND = nodeArguments('../backfill', import.meta.url);
const LOOK_EVERY_MS = 100;

/**
 * Runs the real command in a process of its own; kills it (-9) as soon as `isTime`. Null when it was killed.
 * @throws when it ends otherwise than complete.
 */
export async function runBackfill(
  target: BackfillTarget,
  isTime: (running: RunningBackfill) => boolean | Promise<boolean> = () => false,
): Promise<BackfillSummary | null> {
  const child = startMeasured([...COMMAND, '--program', coupons.name, '--json'], target, {
    // Whoever goes on after a kill waits as long to see that nobody lives.
    LEASE_TERM_MS: '2000',
  });
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
