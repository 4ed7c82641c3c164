import { runReconcile } from '../src/app/run-reconcile.js';
import { toJson } from '../src/lib/json.js';
import type { ReconcileRun } from '../src/reconcile/reconcile-run.js';
import { commandLine } from './command/command-line.js';
import { asStarted } from './command/started-as.js';
import { EXIT_INTERRUPTED, interruptSignal } from './command/interrupt.js';
import { installedModule, programOption } from './command/program-option.js';
import { ProgressBar } from './command/progress-bar.js';
import { withFoundation } from './command/with-foundation.js';
import { describeRun } from './reconcile/describe-run.js';

/** Documented in --help. */
const EXIT = { right: 0, left: 1, unsettled: 3 } as const;

interface Options {
  readonly program?: string;
  readonly changes: boolean;
  readonly json: boolean;
}

const options = commandLine('reconcile-all')
  .description(
    'Compares every document with its account on chain, and with the whole history of the program, and has put right what ' +
      'differs. Orphans (in MongoDB, not on chain) are marked and kept.',
  )
  .addOption(programOption('only this one (default: all)'))
  .option('--changes', 'only what was touched or is suspect, and a share of the rest, as a scheduled pass does', false)
  .option('--json', 'print one JSON object as the last line', false)
  .addHelpText(
    'after',
    `
It may run at any time, also while traffic goes on. Documents are not written past the worker: what differs enters the
ledger, and whoever projects the program puts it right; where no worker runs, this command does meanwhile. Where
a reconcile-worker reconciles, it is asked to, and watched. To only look, use: npm run audit

Ctrl-C ends it after the step under way; what was put right stays so, and the next run begins anew.

Exit code: 0 when everything is right by the end (marked orphans are), 1 when something could not be put right or the run
failed, 2 when it could not be started or was asked wrongly, 3 when something kept changing or not all could be looked
at, 130 when it was interrupted.

Examples:
  npm run reconcile-all
  npm run reconcile-all -- --program coupons --json | tail -1 | jq '.runs[].counts'`,
  )
  .parse()
  .opts<Options>();

const signal = interruptSignal();
await withFoundation({ what: 'Nothing was reconciled', json: options.json }, async (foundation) => {
  const programs = options.program === undefined ? foundation.modules : [installedModule(foundation, options.program)];
  const { clock } = foundation.machine;
  const bar = new ProgressBar(process.stderr, () => clock.monotonic(), 'accounts, documents and records');
  const runs = await runReconcile(foundation, programs, {
    ...{ scope: options.changes ? 'changes' : 'everything', signal },
    onProgress: ({ looked, total }, phase) => bar.show({ done: looked, total, detail: phase }),
    onElsewhere: (holder) => console.error(`${holder} reconciles: it is asked to, and its runs are shown here`),
  }).finally(() => bar.end());
  for (const line of runs.flatMap(describeRun)) console.log(asStarted(line));
  if (options.json) console.log(toJson({ runs }));
  process.exitCode = signal.aborted ? EXIT_INTERRUPTED : exitCodeOf(runs);
});

function exitCodeOf(runs: readonly ReconcileRun[]): number {
  if (runs.some(({ state, counts }) => state !== 'done' || counts.left > 0)) return EXIT.left;
  const isOpen = ({ counts, notes }: ReconcileRun) =>
    counts.unsettled > 0 || counts.orphaned > counts.marked || notes.length > 0;
  return runs.some(isOpen) ? EXIT.unsettled : EXIT.right;
}
