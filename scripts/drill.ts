import { Command, InvalidArgumentError } from 'commander';
import { startChain } from '../src/dev/embedded-chain.js';
import { startDatabase } from '../src/dev/embedded-database.js';
import { projectPrograms } from '../src/dev/project-programs.js';
import { messageOf } from '../src/lib/errors.js';
import { toJson } from '../src/lib/json.js';
import { describeAudit } from '../src/reconcile/describe-audit.js';
import { runDrill } from './drill/run-drill.js';

const EXIT = { clean: 0, unclean: 1, failed: 2 } as const;
/** Quick slots, so that the drill is about kills and not about waiting. */
const SLOT_MS = 100;
const SHOWN_IDS = 5;

const { kills, json, seed } = new Command('drill')
  .description(
    'Kills the event worker (kill -9) again and again in the middle of traffic, lets it catch up once, and compares its\n' +
      'ledger and documents with the chain. Everything is embedded and gone afterwards.',
  )
  .option('--kills <n>', 'how often, 1 to 1000', whole(1, 1_000), 20)
  .option('--seed <n>', 'chooses the traffic and the moments', whole(0, 2 ** 32 - 1), 1)
  .option('--json', 'print one JSON object as the last line', false)
  .addHelpText(
    'after',
    `
Environment: MONGODB_URI takes a replica set instead of the embedded database (a database of its own, dropped afterwards).

Exit code: 0 when no event is missing or twice and the audit is clean, 1 when not, 2 when the drill could not be made.

Examples:
  npm run drill
  npm run drill -- --kills 3 --json | tail -1 | jq .clean`,
  )
  .showHelpAfterError()
  .allowExcessArguments(false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.clean : EXIT.failed))
  .parse()
  .opts<{ kills: number; seed: number; json: boolean }>();

const undo: (() => Promise<void>)[] = [];
try {
  const log = (line: string): void => console.log(line);
  const chain = await startChain({ slotTimeMs: SLOT_MS, programs: projectPrograms(), log });
  undo.push(() => chain.stop());
  const database = await startDatabase({ uri: process.env['MONGODB_URI'], log });
  undo.push(() => database.stop());
  const startedAt = performance.now();
  const report = await runDrill({ kills, seed, chain, database, say: log });
  const { comparison, audit, clean } = report;
  log(`chain: ${comparison.chain} events, ${comparison.salesOnChain} sales`);
  log(`ledger: ${comparison.ledger} events; documents: ${comparison.sales} sales`);
  log(`from start to first event: median ${report.resumeMs.median} ms, longest ${report.resumeMs.longest} ms`);
  for (const kind of ['missing', 'invented', 'different', 'salesMissing', 'salesInvented'] as const) {
    const ids = comparison[kind];
    if (ids.length > 0) log(`${kind}: ${ids.length}, such as ${ids.slice(0, SHOWN_IDS).join(', ')}`);
  }
  for (const line of describeAudit(audit)) log(line);
  log(clean ? `${kills} kills, nothing lost, nothing twice` : `${kills} kills did damage`);
  const { differences, ...counts } = audit;
  const summary = { ...report, audit: { ...counts, differences }, wallMs: Math.round(performance.now() - startedAt) };
  if (json) log(toJson(summary));
  process.exitCode = clean ? EXIT.clean : EXIT.unclean;
} catch (error) {
  console.error(`The drill could not be made: ${messageOf(error)}`);
  process.exitCode = EXIT.failed;
} finally {
  for (const step of undo.reverse()) await step().catch(() => undefined);
}
process.exit();

function whole(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
