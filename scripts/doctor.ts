import { styleText } from 'node:util';
import { lookAtDotEnv } from '../src/app/doctor/dot-env.js';
import { openVisit } from '../src/app/doctor/open-visit.js';
import { installedDomains } from '../src/app/installed-domains.js';
import { thisMachine } from '../src/app/machine.js';
import { loadDotEnv } from '../src/config/env.js';
import { toJson } from '../src/lib/json.js';
import { describeGroup, describeVerdict, plain, type Paint } from '../src/ops/doctor/describe-findings.js';
import { GROUPS, type Finding } from '../src/ops/doctor/finding.js';
import { runChecks } from '../src/ops/doctor/run-checks.js';
import { verdictOf } from '../src/ops/doctor/verdict.js';
import { commandLine } from './command/command-line.js';
import { reportFailure } from './command/report-failure.js';
import { asStarted } from './command/started-as.js';

/** A server that hangs does not keep the command from ending, in milliseconds. */
const CLOSE_PATIENCE_MS = 2_000;

const { json = false } = commandLine('doctor')
  .description(
    'Looks at everything that mooring stands on and at how it is doing, and says of each what to do where it is not well.',
  )
  .option('--json', 'print one JSON object as the last line, with every check')
  .addHelpText(
    'after',
    `
Every check stands by itself, within its own time: a dead database does not keep the chain from being looked at. Nothing
is written to the database or the chain. docs/troubleshooting.md goes from what you see to the line that explains it.

  ok    as it should be
  warn  it works, and somebody should look at it
  FAIL  something that is needed does not work
  skip  not looked at: what it needs failed, or there is nothing yet

Exit code: 0 all is well, 1 something fails, 2 it could not be done or was asked wrongly, 3 nothing fails and there are
warnings.

Examples:
  npm run doctor
  npm run -s doctor -- --json | tail -1 | jq '.checks[] | select(.status == "fail")'`,
  )
  .parse()
  .opts<{ json?: boolean }>();

await reportFailure({ what: 'Nothing could be looked at', json }, async () => {
  const dotEnv = lookAtDotEnv();
  if (dotEnv.state === 'read') loadDotEnv();
  const machine = thisMachine();
  const visit = await openVisit({
    ...{ env: process.env, dotEnv, machine },
    modules: async (config) => (await installedDomains(config)).map(({ module }) => module),
  });
  const paint = paintFor(process.stdout);
  const coming = runChecks(visit.checks, machine.clock, (text) => asStarted(visit.clean(text)));
  const findings: Finding[] = [];
  for (const group of GROUPS) {
    const ofGroup = await Promise.all(coming.filter((_, position) => visit.checks[position]?.group === group));
    const told = ofGroup.filter((finding) => finding !== null);
    if (told.length === 0) continue;
    findings.push(...told);
    for (const line of describeGroup(group, told, paint)) console.log(line);
    console.log('');
  }
  const verdict = verdictOf(findings);
  for (const line of describeVerdict(verdict, paint)) console.log(line);
  const { status, counts, exitCode } = verdict;
  if (json) console.log(toJson({ status, counts, checks: findings }));
  process.exitCode = exitCode;
  await Promise.race([visit.close(), new Promise((resolve) => setTimeout(resolve, CLOSE_PATIENCE_MS).unref())]);
});
setTimeout(() => process.exit(), CLOSE_PATIENCE_MS).unref();

/** Colours only where a person looks, and wants them. */
function paintFor(out: NodeJS.WriteStream): Paint {
  if (!out.isTTY || process.env['NO_COLOR'] || process.env['TERM'] === 'dumb') return plain;
  const styles = { ok: 'green', warn: 'yellow', fail: 'red', skipped: 'dim', heading: 'bold', aside: 'cyan' } as const;
  return (as, text) => styleText(styles[as], text, { validateStream: false });
}
