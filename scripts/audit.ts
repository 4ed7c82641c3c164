import { assertProgramsPresent } from '../src/app/absent-programs.js';
import { readFrontier } from '../src/ledger/frontier.js';
import { toJson } from '../src/lib/json.js';
import { audit } from '../src/reconcile/audit.js';
import { describeAudit } from '../src/reconcile/describe-audit.js';
import { commandLine } from './command/command-line.js';
import { asStarted } from './command/started-as.js';
import { endOnInterrupt } from './command/interrupt.js';
import { ProgressBar } from './command/progress-bar.js';
import { withFoundation } from './command/with-foundation.js';

const EXIT = { clean: 0, wrong: 1, unsettled: 3 } as const;

const { json = false } = commandLine('audit')
  .description("Compares every document with its account on chain and with the ledger's records, field by field.")
  .option('--json', 'print one JSON object as the last line')
  .addHelpText(
    'after',
    `
It may run while traffic goes on: what differs at first sight is looked at again, for up to a minute, until it is found
equal or for certain different. What keeps changing all that time is called unsettled. It changes nothing.

Exit code: 0 when every document is what it must be, 1 when one is not, 2 when the audit could not be made or was
asked wrongly, 3 when nothing is wrong and something is unsettled or could not be compared, 130 when it was interrupted.

Examples:
  npm run audit
  npm run audit -- --json | tail -1 | jq .drift`,
  )
  .parse()
  .opts<{ json?: boolean }>();

endOnInterrupt({ what: 'The audit was interrupted: nothing is known, and nothing was changed.', json });
await withFoundation({ what: 'The audit could not be made', json }, async ({ mongo, pool, machine, modules }) => {
  const { clock } = machine;
  await assertProgramsPresent(pool.chain, modules);
  const bar = new ProgressBar(process.stderr, () => clock.monotonic(), 'documents and records');
  const onProgress = bar.show.bind(bar);
  const report = await audit({ db: mongo.db, chain: pool.chain, clock, onProgress }, modules).finally(() => bar.end());
  for (const line of describeAudit(report)) console.log(asStarted(line));
  for (const { module } of modules) {
    if (report.unsettled.length === 0 || (await readFrontier(mongo.db, module.name)) !== null) continue;
    const where = `the database ${mongo.db.databaseName}`;
    console.log(
      asStarted(`no worker has followed ${module.name} on ${where} yet: is it the right one? npm run worker`),
    );
  }
  if (json) console.log(toJson(report));
  const isOpen = report.unsettled.length > 0 || report.unreadable.length > 0;
  process.exitCode = report.differences.length > 0 ? EXIT.wrong : isOpen ? EXIT.unsettled : EXIT.clean;
});
