import { commandLine, EXIT_FAILED } from '../../scripts/command/command-line.js';
import { BREAKAGES, type Breakage } from './breakages.js';
import { breakCopy, copyProject, type ProjectCopy } from './broken-copy.js';
import type { WorldName } from '../simulation/worlds.js';
import { firstFailure, runChecks, type Verdict } from './run-checks.js';

const EXAMPLES = `
Breaks the code of the invariants on purpose, in a copy, and runs the simulation and then the tests that ought to notice.
A breakage that nobody notices is a hole in the tests.

  npm run mutate
  npm run mutate -- --only fence          those whose name has this in it
  npm run mutate -- --list

Exit code: 0 all noticed; 1 at least one was not; 2 bad arguments, or a test fails that nothing was broken for.`;

const program = commandLine('mutate')
  .description('Shows that the tests notice when an invariant is broken')
  .option('--only <text>', 'only breakages whose name contains this', '')
  .option('--list', 'lists them and ends')
  .option('--json', 'one JSON object as the last line')
  .addHelpText('after', EXAMPLES)
  .parse();
const { only, list, json } = program.opts<{ only: string; list?: boolean; json?: boolean }>();
const chosen = BREAKAGES.filter(({ name }) => name.includes(only));

if (chosen.length === 0) program.error(`error: no breakage has "${only}" in its name; --list shows them all`);
if (list) {
  for (const { name, invariant, file } of chosen) console.log(`${invariant.padEnd(9)} ${name} (${file})`);
  if (json)
    console.log(JSON.stringify({ breakages: chosen.map(({ name, invariant, file }) => ({ name, invariant, file })) }));
} else {
  process.exitCode = (await passUnbroken()) ? await run() : EXIT_FAILED;
}

/** A test that fails anyway would notice everything. */
async function passUnbroken(): Promise<boolean> {
  const copy = copyProject();
  try {
    const failed = await firstFailure(copy.folder, [...new Set(chosen.flatMap(({ tests }) => tests))]);
    if (failed !== null) console.error(`With nothing broken this fails: ${failed}. Mend it first.`);
    if (failed !== null && json) console.log(JSON.stringify({ error: `with nothing broken this fails: ${failed}` }));
    return failed === null;
  } finally {
    copy.remove();
  }
}

async function run(): Promise<number> {
  const verdicts: (Verdict & { readonly name: string; readonly invariant: string })[] = [];
  for (const breakage of chosen) {
    const { name, invariant } = breakage;
    const verdict = await judge(breakage);
    verdicts.push({ name, invariant, ...verdict });
    const how = verdict.noticedBy ? `noticed by ${verdict.noticedBy}: ${verdict.how}` : 'NOT NOTICED';
    console.log(`${invariant.padEnd(9)} ${name}\n          ${how} (${verdict.seconds} s)`);
  }
  const missed = verdicts.filter(({ noticedBy }) => noticedBy === null);
  console.log(`\n${verdicts.length - missed.length} of ${verdicts.length} breakages noticed`);
  if (json) console.log(JSON.stringify({ ok: missed.length === 0, breakages: verdicts }));
  return missed.length === 0 ? 0 : 1;
}

async function judge(breakage: Breakage): Promise<Verdict> {
  let copy: ProjectCopy | undefined;
  try {
    copy = breakCopy(breakage);
    return await runChecks(copy.folder, worldOf(breakage), breakage.tests);
  } finally {
    copy?.remove();
  }
}

/** The world that the code is part of; null: no world has what it is for. */
function worldOf({ file }: Breakage): WorldName | null {
  if (file.startsWith('src/delivery/records/relay/')) return null;
  if (file.startsWith('src/delivery/')) return 'deliveries';
  return file.startsWith('src/transactions/') ? 'transactions' : 'ledger';
}
