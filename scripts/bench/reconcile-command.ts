import { nodeArguments } from '../../src/dev/node-arguments.js';
import { coupons } from '../../src/domains/coupons/module.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import type { ReconcileRun } from '../../src/reconcile/reconcile-run.js';
import { askMemory, startMeasured, type CommandTarget } from './measured-command.js';
import type { MemoryState } from './memory-probe.js';

/** A run as the command prints it: dates as text. */
export type PrintedRun = Omit<ReconcileRun, 'startedAt' | 'endedAt'> & {
  readonly startedAt: string;
  readonly endedAt: string;
};

const COMMAND = nodeArguments('../reconcile-all', import.meta.url);
/** What is left open (exit code 1 or 3) is a figure; only where there is no run there are none. */
const EXIT_WITH_RUN = [0, 1, 3];

/**
 * Runs `reconcile-all` in a process of its own and looks at its memory every `lookEveryMs`.
 * @throws when its pass was not made to the end.
 */
export async function runReconcileAll(
  target: CommandTarget,
  lookEveryMs: number,
): Promise<{ readonly run: PrintedRun; readonly memory: readonly MemoryState[] }> {
  const child = startMeasured([...COMMAND, '--program', coupons.name, '--json'], target);
  const memory: MemoryState[] = [];
  let [stdout, stderr, hasEnded] = ['', '', false];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  void ended.then(() => (hasEnded = true));
  for (;;) {
    await Promise.race([ended, clock.sleep(lookEveryMs)]);
    if (hasEnded) break;
    const state = await askMemory(child);
    if (state) memory.push(state);
  }
  const code = await ended;
  if (code === null || !EXIT_WITH_RUN.includes(code)) {
    throw new Error(`reconcile-all ended with exit code ${code}: ${stderr.trim() || stdout.trim()}`);
  }
  const { runs } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { runs: PrintedRun[] };
  const run = runs[0];
  if (run?.state !== 'done') throw new Error(`the pass ended as ${run?.state}: ${run?.error}`);
  return { run, memory };
}
