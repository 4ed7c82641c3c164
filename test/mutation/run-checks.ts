import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { WorldName } from '../simulation/worlds.js';

/** Who noticed a breakage, if anybody did. */
export interface Verdict {
  readonly noticedBy: 'the simulation' | 'a test' | null;
  /** What it said. */
  readonly how: string;
  readonly seconds: number;
}

/** Enough for most breakages to show; what needs more is what the tests are for. */
const SEEDS = 60;

/** Runs the simulation of a world, if there is one, until a seed fails, and where none does the tests named. */
export async function runChecks(folder: string, world: WorldName | null, tests: readonly string[]): Promise<Verdict> {
  const began = performance.now();
  const verdict = (noticedBy: Verdict['noticedBy'], how: string): Verdict => {
    return { noticedBy, how, seconds: Math.round((performance.now() - began) / 1_000) };
  };
  const said = world && (await firstFailingSeed(folder, world));
  if (said) return verdict('the simulation', said.slice(0, 160));
  const failed = await firstFailure(folder, tests);
  return failed === null ? verdict(null, '') : verdict('a test', failed.slice(0, 160));
}

async function firstFailingSeed(folder: string, world: WorldName): Promise<string | null> {
  const simulation = await run(folder, process.execPath, [
    ...['--import', 'tsx', 'test/simulation/simulate.ts', '--only', world],
    ...['--seeds', String(SEEDS), '--until-failure'],
  ]);
  if (simulation.code === 0) return null;
  const said = /^seed \d+: .*$/m.exec(simulation.output)?.[0];
  if (said === undefined) throw new Error(`the simulation did not run:\n${simulation.output.slice(-2_000)}`);
  return said;
}

/**
 * The name of a test that fails in these files; null when all pass, or there are none.
 * @throws Error when they could not be run: that shows nothing.
 */
export async function firstFailure(folder: string, tests: readonly string[]): Promise<string | null> {
  if (tests.length === 0) return null;
  const suite = await run(folder, process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--bail=1', ...tests]);
  if (suite.code === 0) return null;
  const output = stripVTControlCharacters(suite.output);
  const failed = /FAIL\s+(.*)$/m.exec(output)?.[1];
  if (failed === undefined) throw new Error(`the tests did not run:\n${output.slice(-2_000)}`);
  return failed;
}

function run(folder: string, command: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
