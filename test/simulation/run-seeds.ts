import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { WorldName } from './worlds.js';

/** What a child is told to run. */
export interface SeedOrder {
  readonly world: WorldName;
  readonly seed: number;
}

/** One seed's outcome as it comes from the process that ran it. */
export interface SeedReport {
  readonly seed: number;
  readonly failure: string | null;
  readonly steps: number;
  readonly transactions: number;
  readonly virtualMs: number;
  readonly healedAfterMs: number | null;
  readonly faults: Readonly<Record<string, number>>;
  readonly meetings: Readonly<Record<string, number>>;
}

/** What became of a range of seeds. */
export interface SeedsSummary {
  readonly failures: readonly { readonly seed: number; readonly failure: string }[];
  readonly faults: Readonly<Record<string, number>>;
  readonly meetings: Readonly<Record<string, number>>;
  readonly transactions: number;
  readonly steps: number;
  readonly virtualSeconds: number;
  readonly seconds: number;
  readonly healedAfterMs: { readonly median: number; readonly longest: number };
}

/** Nearly everything a run makes is soon forgotten: with room for it, collecting takes a tenth less of the time. */
const YOUNG_SPACE = '--max-semi-space-size=64';
const CHILD = fileURLToPath(new URL('run-seeds-child.ts', import.meta.url));

/**
 * Runs seeds in as many processes as there are cores; each takes the next seed when it is through with one. With
 * `untilFailure` no other is begun after one that failed.
 */
export async function runSeeds(
  world: WorldName,
  from: number,
  count: number,
  untilFailure: boolean,
  onDone: (done: number) => void,
): Promise<SeedsSummary> {
  const began = performance.now();
  const reports: SeedReport[] = [];
  let next = from;
  await Promise.all(
    Array.from({ length: Math.min(count, availableParallelism()) }, () => {
      return new Promise<void>((resolve, reject) => {
        const child = fork(CHILD, {
          execArgv: [...process.execArgv, YOUNG_SPACE],
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        });
        let under = -1;
        const give = () => {
          under = next++;
          const isOver = untilFailure && reports.some(({ failure }) => failure !== null);
          if (under < from + count && !isOver) child.send({ world, seed: under } satisfies SeedOrder);
          else child.disconnect();
        };
        child.on('message', (report: SeedReport) => {
          reports.push(report);
          onDone(reports.length);
          give();
        });
        child.once('error', reject);
        child.once('exit', (code) => {
          if (code === 0) resolve();
          else reject(new Error(`the process that ran seed ${under} ended with ${code}`));
        });
        give();
      });
    }),
  );
  return summarize(reports, (performance.now() - began) / 1_000);
}

function summarize(reports: readonly SeedReport[], seconds: number): SeedsSummary {
  const sum = (of: (report: SeedReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const healed = reports.flatMap(({ healedAfterMs }) => healedAfterMs ?? []).sort((one, other) => one - other);
  return {
    failures: reports
      .flatMap(({ seed, failure }) => (failure === null ? [] : [{ seed, failure }]))
      .sort((one, other) => one.seed - other.seed),
    faults: added(reports.map(({ faults }) => faults)),
    meetings: added(reports.map(({ meetings }) => meetings)),
    transactions: sum(({ transactions }) => transactions),
    steps: sum(({ steps }) => steps),
    virtualSeconds: sum(({ virtualMs }) => virtualMs) / 1_000,
    seconds,
    healedAfterMs: { median: healed[Math.floor(healed.length / 2)] ?? 0, longest: healed.at(-1) ?? 0 },
  };
}

function added(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const count of counts) for (const [key, n] of Object.entries(count)) total[key] = (total[key] ?? 0) + n;
  return total;
}
