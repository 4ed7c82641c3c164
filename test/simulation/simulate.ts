import { Option } from 'commander';
import { commandLine } from '../../scripts/command/command-line.js';
import { wholeNumber } from '../../scripts/command/whole-number.js';
import { meetingsMissing, meetingsTable } from './meetings.js';
import { runSeed } from './run-seed.js';
import { runSeeds, type SeedsSummary } from './run-seeds.js';

/** Fewer seeds than this cannot be asked to show every fault at every way of recovery. */
const SEEDS_FOR_EVERY_MEETING = 1_000;

const EXAMPLES = `
Runs the event worker, whole, against a simulated cluster, network and database in simulated time, with faults drawn
from a seed, and compares everything with the truth at every step and at the end. The same seed is the same run.

  npm run simulate                        500 seeds
  npm run simulate -- --seeds 2000        more of them; from ${SEEDS_FOR_EVERY_MEETING} on, each fault must have met each way of recovery
  npm run simulate -- --from 5000         other ones
  npm run simulate -- --seed 152          one, step by step

Exit code: 0 all right; 1 an invariant was broken, or a fault never met a way of recovery; 2 bad arguments.`;

const MOST = 999_999_999;

const program = commandLine('simulate')
  .description('Shows that nothing is lost, doubled or wrong, whatever fails')
  .option('--seeds <n>', 'how many seeds', wholeNumber(1, MOST), 500)
  .option('--from <seed>', 'the first of them', wholeNumber(0, MOST), 1)
  .addOption(
    new Option('--seed <seed>', 'runs this one alone and says everything that happens in it')
      .argParser(wholeNumber(0, MOST))
      .conflicts(['seeds', 'from', 'untilFailure']),
  )
  .option('--until-failure', 'stops at the first seed that fails')
  .option('--json', 'one JSON object as the last line')
  .addHelpText('after', EXAMPLES)
  .parse();
const { seeds, from, seed, untilFailure, json } = program.opts<{
  seeds: number;
  from: number;
  seed?: number;
  untilFailure?: boolean;
  json?: boolean;
}>();

process.exitCode = seed === undefined ? await many() : await one(seed);

async function one(only: number): Promise<number> {
  const { failure, journal, steps, transactions, virtualMs, healedAfterMs } = await runSeed(only, true);
  console.log(journal.lines.join('\n'));
  console.log(failure === null ? `seed ${only}: all right` : `seed ${only}: ${failure}`);
  const outcome = { seed: only, ok: failure === null, failure, steps, transactions, virtualMs, healedAfterMs };
  if (json) console.log(JSON.stringify(outcome));
  return failure === null ? 0 : 1;
}

async function many(): Promise<number> {
  const summary = await runSeeds(from, seeds, untilFailure === true, (done) => {
    if (process.stdout.isTTY) process.stdout.write(`\r${done} of ${seeds} seeds`);
  });
  if (process.stdout.isTTY) process.stdout.write('\r');
  const missing = seeds >= SEEDS_FOR_EVERY_MEETING ? meetingsMissing(summary.meetings) : [];
  tell(summary, missing);
  const ok = summary.failures.length === 0 && missing.length === 0;
  if (json) console.log(JSON.stringify({ ok, from, seeds, ...summary, missing }));
  return ok ? 0 : 1;
}

function tell(summary: SeedsSummary, missing: readonly string[]): void {
  const { failures, faults, meetings, transactions, steps, virtualSeconds, seconds, healedAfterMs } = summary;
  console.log('How often each fault came, and what it met within 15 s: how often each way of recovery ran.\n');
  console.log(meetingsTable(faults, meetings));
  console.log(
    `\n${seeds} seeds from ${from}: ${transactions} transactions, ${steps} steps, ` +
      `${(virtualSeconds / 3_600).toFixed(1)} h of simulated time in ${Math.round(seconds)} s.`,
  );
  console.log(
    `From the end of all faults until everything was right: median ${healedAfterMs.median / 1_000} s, ` +
      `longest ${healedAfterMs.longest / 1_000} s (the last transactions need 4 s to become final).`,
  );
  for (const { seed: failed, failure } of failures) {
    console.log(`\nseed ${failed}: ${failure}\n  run it again: npm run simulate -- --seed ${failed}`);
  }
  for (const meeting of missing) console.log(`never happened: ${meeting}`);
  const found = failures.length === 0 ? 'every invariant held at every step' : `${failures.length} seeds FAILED`;
  console.log(`\n${found}${missing.length === 0 ? '' : `; ${missing.length} meetings never happened`}`);
}
