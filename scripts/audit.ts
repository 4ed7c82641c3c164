import { Command } from 'commander';
import { layFoundation } from '../src/app/foundation.js';
import { requiredEndpoints } from '../src/app/required-endpoints.js';
import { loadDotEnv, readConfig } from '../src/config/env.js';
import { domains } from '../src/domains/registry.js';
import { systemClock } from '../src/lib/clock.js';
import { messageOf } from '../src/lib/errors.js';
import { toJson } from '../src/lib/json.js';
import { audit } from '../src/reconcile/audit.js';
import { describeAudit } from '../src/reconcile/describe-audit.js';
import { createLogger } from '../src/telemetry/logger.js';
import { createMetrics } from '../src/telemetry/metrics.js';

const EXIT = { clean: 0, wrong: 1, failed: 2, unsettled: 3 } as const;

const command = new Command('audit')
  .description("Compares every document with its account on chain and with the ledger's records, field by field.")
  .option('--json', 'print one JSON object as the last line')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.clean : EXIT.failed))
  .addHelpText(
    'after',
    `
It may run while traffic goes on: what differs at first sight is looked at again, for up to a minute, until it is found
equal or for certain different. What keeps changing all that time is called unsettled.

Exit code: 0 when every document is what it must be, 1 when one is not, 2 when the audit could not be made or was
asked wrongly, 3 when nothing is wrong and something is unsettled.

Examples:
  npm run audit
  npm run audit -- --json | tail -1 | jq .drift`,
  )
  .parse();
const { json } = command.opts<{ json?: boolean }>();

try {
  loadDotEnv();
  const config = readConfig();
  const log = createLogger({ ...config, logLevel: 'warn', logPretty: true }, process.stderr);
  const modules = domains.map(({ module }) => module);
  const foundation = await layFoundation(config, requiredEndpoints(config), modules, log, createMetrics());
  try {
    const { mongo, pool } = foundation;
    const report = await audit({ db: mongo.db, chain: pool.chain, clock: systemClock }, foundation.modules);
    for (const line of describeAudit(report)) console.log(line);
    if (json) console.log(toJson(report));
    process.exitCode =
      report.differences.length > 0 ? EXIT.wrong : report.unsettled.length > 0 ? EXIT.unsettled : EXIT.clean;
  } finally {
    await foundation.close();
  }
} catch (error) {
  console.error(`The audit could not be made: ${messageOf(error)}`);
  if (json) console.log(toJson({ error: messageOf(error) }));
  process.exitCode = EXIT.failed;
}
