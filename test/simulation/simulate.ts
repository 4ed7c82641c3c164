import { Option } from 'commander';
import { commandLine } from '../../scripts/command/command-line.js';
import { wholeNumber } from '../../scripts/command/whole-number.js';
import { meetingsMissing, meetingsTable } from './meetings.js';
import { runSeeds, type SeedsSummary } from './run-seeds.js';
import { WORLD_NAMES, WORLDS, type WorldName } from './worlds.js';

/** Fewer seeds than this cannot be asked to show every fault at every way of recovery. */
const SEEDS_FOR_EVERY_MEETING = 2_000;

const EXAMPLES = `
Runs production code, whole, against a simulated cluster, network and database in simulated time, with faults drawn
from a seed, and compares everything with the truth at every step and at the end. The same seed is the same run.
Three worlds: the event worker (ledger), the processes that work on managed transactions with their clients, and those
that tell dispatchers of events (deliveries).

  npm run simulate                        500 seeds in each world
  npm run simulate -- --seeds 3000        more of them; from ${SEEDS_FOR_EVERY_MEETING} on, each fault must have met each way of recovery
  npm run simulate -- --only transactions one world alone
  npm run simulate -- --from 5000         other ones
  npm run simulate -- --only ledger --seed 152   one, step by step

Exit code: 0 all right; 1 an invariant was broken, or a fault never met a way of recovery; 2 bad arguments.`;

const MOST = 999_999_999;

const program = commandLine('simulate')
  .description('Shows that nothing is lost, doubled or wrong, whatever fails')
  .option('--seeds <n>', 'how many seeds', wholeNumber(1, MOST), 500)
  .option('--from <seed>', 'the first of them', wholeNumber(0, MOST), 1)
  .addOption(new Option('--only <world>', 'runs one world alone').choices(WORLD_NAMES))
  .addOption(
    new Option(
      '--seed <seed>',
      'runs this one alone, in the ledger world unless --only says another, and says everything that happens in it',
    )
      .argParser(wholeNumber(0, MOST))
      .conflicts(['seeds', 'from', 'untilFailure']),
  )
  .option('--until-failure', 'stops at the first seed that fails')
  .option('--json', 'one JSON object as the last line')
  .addHelpText('after', EXAMPLES)
  .parse();
const { seeds, from, seed, only, untilFailure, json } = program.opts<{
  seeds: number;
  from: number;
  seed?: number;
  only?: WorldName;
  untilFailure?: boolean;
  json?: boolean;
}>();

process.exitCode = seed === undefined ? await many() : await one(only ?? 'ledger', seed);

async function one(world: WorldName, alone: number): Promise<number> {
  const { failure, journal, steps, transactions, virtualMs, healedAfterMs } = await WORLDS[world].run(alone, true);
  console.log(journal.lines.join('\n'));
  console.log(failure === null ? `seed ${alone}: all right` : `seed ${alone}: ${failure}`);
  const outcome = { world, seed: alone, ok: failure === null, failure, steps, transactions, virtualMs, healedAfterMs };
  if (json) console.log(JSON.stringify(outcome));
  return failure === null ? 0 : 1;
}

async function many(): Promise<number> {
  const worlds: Partial<Record<WorldName, SeedsSummary & { readonly missing: readonly string[] }>> = {};
  let ok = true;
  for (const world of only ? [only] : WORLD_NAMES) {
    if (!ok && untilFailure) break;
    const summary = await runSeeds(world, from, seeds, untilFailure === true, (done) => {
      if (process.stdout.isTTY) process.stdout.write(`\r${world}: ${done} of ${seeds} seeds`);
    });
    if (process.stdout.isTTY) process.stdout.write('\r');
    const missing = seeds >= SEEDS_FOR_EVERY_MEETING ? meetingsMissing(WORLDS[world], summary.meetings) : [];
    tell(world, summary, missing);
    ok &&= summary.failures.length === 0 && missing.length === 0;
    worlds[world] = { ...summary, missing };
  }
  if (json) console.log(JSON.stringify({ ok, from, seeds, worlds }));
  return ok ? 0 : 1;
}

function tell(world: WorldName, summary: SeedsSummary, missing: readonly string[]): void {
  const { failures, faults, meetings, transactions, steps, virtualSeconds, seconds, healedAfterMs } = summary;
  console.log(
    `\n${world}: how often each fault came, and what it met within 15 s: how often each way of recovery ran.\n`,
  );
  console.log(meetingsTable(WORLDS[world], faults, meetings));
  console.log(
    `\n${seeds} seeds from ${from}: ${transactions} ${WORLDS[world].counts}, ${steps} steps, ` +
      `${(virtualSeconds / 3_600).toFixed(1)} h of simulated time in ${Math.round(seconds)} s.`,
  );
  console.log(
    `From the end of all faults until everything was right: median ${healedAfterMs.median / 1_000} s, ` +
      `longest ${healedAfterMs.longest / 1_000} s.`,
  );
  for (const { seed: failed, failure } of failures) {
    console.log(`\nseed ${failed}: ${failure}\n  run it again: npm run simulate -- --only ${world} --seed ${failed}`);
  }
  for (const meeting of missing) console.log(`never happened: ${meeting}`);
  const found = failures.length === 0 ? 'every invariant held at every step' : `${failures.length} seeds FAILED`;
  console.log(`\n${world}: ${found}${missing.length === 0 ? '' : `; ${missing.length} meetings never happened`}`);
}
