import type { DevChain } from '../src/dev/dev-chain.js';
import type { DevDatabase } from '../src/dev/dev-database.js';
import { startChain } from '../src/dev/embedded-chain.js';
import { startDatabase } from '../src/dev/embedded-database.js';
import { projectPrograms } from '../src/dev/project-programs.js';
import { toJson } from '../src/lib/json.js';
import { describeAudit } from '../src/reconcile/describe-audit.js';
import { commandLine } from './command/command-line.js';
import { endOnInterrupt } from './command/interrupt.js';
import { reportFailure } from './command/report-failure.js';
import { wholeNumber } from './command/whole-number.js';
import { runDeliveriesDrill } from './drill/deliveries/run-deliveries-drill.js';
import type { EventComparison } from './drill/compare-events.js';
import { runDrill } from './drill/run-drill.js';
import { runPm2Drill } from './drill/run-pm2-drill.js';
import { runReorgDrill } from './drill/run-reorg-drill.js';
import { runTransactionsDrill } from './drill/transactions/run-transactions-drill.js';

const EXIT = { clean: 0, unclean: 1 } as const;
/** Quick slots, so that the drill is about faults and not about waiting. */
const SLOT_MS = 100;
const SHOWN_IDS = 5;

interface TransactionsOptions {
  readonly requests: number;
  readonly kills: number;
  readonly apis: number;
  readonly workers: number;
  readonly seed: number;
  readonly json: boolean;
}

interface DeliveriesOptions {
  readonly events: number;
  readonly dispatchers: number;
  readonly kills: number;
  readonly workers: number;
  readonly seed: number;
  readonly json: boolean;
}

/** What a drill runs on, and where it says what happens. */
interface Ground {
  readonly chain: DevChain;
  readonly database: DevDatabase;
  readonly say: (line: string) => void;
}

const program = commandLine('drill')
  .description('Breaks things in the middle of traffic and compares everything with the chain afterwards.')
  .addHelpText(
    'after',
    `
Everything is embedded and gone afterwards.
Environment: MONGODB_URI takes a replica set instead of the embedded database (a database of its own, dropped afterwards).

Exit code: 0 when nothing was lost, doubled or wrong and the audit is clean, 1 when not, 2 when the drill could not be
made, or was asked wrongly, 130 when it was interrupted: what it started ends with it, and only a database
mooring_drill_… in a MONGODB_URI of yours stays.

Examples:
  npm run drill
  npm run drill -- kills --kills 3 --json | tail -1 | jq .clean
  npm run drill -- reorg
  npm run drill -- pm2 --kills 3
  npm run drill -- transactions --requests 200 --kills 5
  npm run drill -- deliveries --events 1000 --kills 5`,
  );

program
  .command('kills', { isDefault: true })
  .description(
    '(what `npm run drill` does) kills the event worker (kill -9) again and again, lets it catch up once, and compares ledger and documents',
  )
  .option('--kills <n>', 'how often, 1 to 1000', wholeNumber(1, 1_000), 20)
  .option('--seed <n>', 'chooses the traffic and the moments', wholeNumber(0, 2 ** 32 - 1), 1)
  .option('--json', 'print one JSON object as the last line', false)
  .action(({ kills, seed, json }: { kills: number; seed: number; json: boolean }) =>
    drill(json, async ({ chain, database, say }) => {
      const report = await runDrill({ kills, seed, chain, database, say });
      say(`from start to first event: median ${report.resumeMs.median} ms, longest ${report.resumeMs.longest} ms`);
      sayComparison(say, report.comparison);
      for (const line of describeAudit(report.audit)) say(line);
      say(report.clean ? `${kills} kills, nothing lost, nothing twice` : `${kills} kills did damage`);
      return report;
    }),
  );

program
  .command('reorg')
  .description(
    'lets two RPC endpoints tell of forks that drop and move confirmed transactions, and shows how documents, subscribers and ledger follow',
  )
  .option('--forks <n>', 'how many, 1 to 100', wholeNumber(1, 100), 3)
  .option('--json', 'print one JSON object as the last line', false)
  .action(({ forks, json }: { forks: number; json: boolean }) =>
    drill(json, async ({ chain, database, say }) => {
      const report = await runReorgDrill({ forks, chain, database, say });
      for (const line of report.wrong) say(`wrong: ${line}`);
      for (const signature of report.untold) say(`untold: no subscriber heard that ${signature} was orphaned`);
      for (const signature of report.withoutHistory) say(`no history: the ledger lost what ${signature} was before`);
      sayComparison(say, report.comparison);
      for (const line of describeAudit(report.audit)) say(line);
      say(report.clean ? `${forks} forks, everything followed, nothing lost` : `${forks} forks did damage`);
      return report;
    }),
  );

program
  .command('pm2')
  .description(
    'builds, starts everything under PM2, kills each process (kill -9) in turn, reloads the API under requests, stops and restarts everything, and compares ledger and documents',
  )
  .option('--kills <n>', 'how often each process is killed, and the API reloaded, 1 to 1000', wholeNumber(1, 1_000), 10)
  .option('--seed <n>', 'chooses the traffic', wholeNumber(0, 2 ** 32 - 1), 1)
  .option('--json', 'print one JSON object as the last line', false)
  .action(({ kills, seed, json }: { kills: number; seed: number; json: boolean }) =>
    drill(json, async ({ chain, database, say }) => {
      const report = await runPm2Drill({ kills, seed, chain, database, say });
      const { requests, writes, effects, failedRequests, uncleanStops } = report;
      say(`${requests} requests answered, of ${writes} writes ${effects} took effect`);
      for (const line of failedRequests.slice(0, SHOWN_IDS)) say(`failed: ${line}`);
      for (const line of uncleanStops) say(`unclean stop: ${line}`);
      sayComparison(say, report.comparison);
      for (const line of describeAudit(report.audit)) say(line);
      say(report.clean ? `${kills} kills of each process, nothing lost, nothing twice` : `${kills} kills did damage`);
      return report;
    }),
  );

program
  .command('transactions')
  .description(
    'lets many clients write over HTTP, some twice, while API and worker processes are killed and the RPC endpoints lose, delay and refuse; then compares every answer with the chain',
  )
  .option('--requests <n>', 'writes, 1 to 100000', wholeNumber(1, 100_000), 1_000)
  .option('--kills <n>', 'processes killed, 0 to 1000', wholeNumber(0, 1_000), 20)
  .option('--apis <n>', 'API processes, 2 to 20', wholeNumber(2, 20), 4)
  .option('--workers <n>', 'event worker processes, 1 to 20', wholeNumber(1, 20), 2)
  .option('--seed <n>', 'chooses the requests, the faults and who is killed', wholeNumber(0, 2 ** 28 - 1), 1)
  .option('--json', 'print one JSON object as the last line', false)
  .action(({ json, ...options }: TransactionsOptions) =>
    drill(json, async (ground) => {
      const report = await runTransactionsDrill({ ...options, ...ground });
      const { say } = ground;
      const { judgement, duplicates, reused, faults, kills, requests } = report;
      say(`${duplicates} requests were sent twice, ${reused} keys used for another body; faults: ${toJson(faults)}`);
      say(`${judgement.landed} landed, ${judgement.refused} refused: ${toJson(judgement.reasons)}`);
      say(`tries without a final answer: ${toJson(report.repeats)}`);
      sayLists(say, judgement);
      for (const line of report.uncleanStops) say(`unclean stop: ${line}`);
      if (report.unresolved > 0) say(`unresolved: ${report.unresolved}`);
      sayComparison(say, report.comparison);
      for (const line of describeAudit(report.audit)) say(line);
      say(
        report.clean
          ? `${requests} requests, ${kills} kills: one effect for each that landed, none for each that did not`
          : `${kills} kills did damage`,
      );
      return report;
    }),
  );

program
  .command('deliveries')
  .description(
    'sends events to many dispatchers of two environments while the processes that deliver are killed, and compares what their endpoints got with what they should have',
  )
  .option('--events <n>', 'events, 100 for each kill at least, up to 1000000', wholeNumber(1, 1_000_000), 5_000)
  .option('--dispatchers <n>', 'dispatchers, 1 to 10000', wholeNumber(1, 10_000), 200)
  .option('--kills <n>', 'processes killed, 0 to 1000', wholeNumber(0, 1_000), 20)
  .option('--workers <n>', 'processes that deliver, 1 to 20', wholeNumber(1, 20), 3)
  .option('--seed <n>', 'chooses events, dispatchers, answers and who is killed', wholeNumber(0, 2 ** 28 - 1), 1)
  .option('--json', 'print one JSON object as the last line', false)
  .action(({ json, ...options }: DeliveriesOptions) =>
    drill(json, async (ground) => {
      const report = await runDeliveriesDrill({ ...options, ...ground });
      const { say } = ground;
      const { judgement, lateMs, trafficMs, kills, undelivered } = report;
      say(`${judgement.pairs} deliveries in ${Math.round(trafficMs / 1_000)} s: ${judgement.requests} requests`);
      say(`told again after success: ${judgement.repeats}; late: median ${lateMs.median} ms, p99 ${lateMs.p99} ms`);
      sayLists(say, judgement);
      if (undelivered > 0) say(`undelivered: ${undelivered}`);
      for (const line of report.uncleanStops) say(`unclean stop: ${line}`);
      say(
        report.clean
          ? `${kills} kills: everybody was told of everything, in order, under one id, and of nothing else`
          : `${kills} kills did damage`,
      );
      return report;
    }),
  );

await program.parseAsync();

async function drill(json: boolean, run: (ground: Ground) => Promise<{ readonly clean: boolean }>): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  const say = (line: string): void => console.log(line);
  endOnInterrupt({ what: 'The drill was interrupted: it shows nothing.', json });
  await reportFailure({ what: 'The drill could not be made', json, fields: { clean: false } }, async () => {
    const chain = await startChain({ slotTimeMs: SLOT_MS, programs: projectPrograms(), log: say });
    undo.push(() => chain.stop());
    const database = await startDatabase({ uri: process.env['MONGODB_URI'], log: say });
    undo.push(() => database.stop());
    const startedAt = performance.now();
    const report = await run({ chain, database, say });
    if (json) say(toJson({ ...report, wallMs: Math.round(performance.now() - startedAt) }));
    process.exitCode = report.clean ? EXIT.clean : EXIT.unclean;
  });
  for (const step of undo.reverse()) await step().catch(() => undefined);
  process.exit();
}

function sayComparison(say: Ground['say'], comparison: EventComparison): void {
  say(`chain: ${comparison.chain} events, ${comparison.salesOnChain} sales`);
  say(`ledger: ${comparison.ledger} events; documents: ${comparison.sales} sales`);
  sayLists(say, comparison);
}

/** What stands in the lists of a report, by their names; an empty one is not worth a line. */
function sayLists(say: Ground['say'], report: object): void {
  for (const [kind, ids] of Object.entries(report) as [string, unknown][]) {
    if (Array.isArray(ids) && ids.length > 0)
      say(`${kind}: ${ids.length}, such as ${ids.slice(0, SHOWN_IDS).join(', ')}`);
  }
}
