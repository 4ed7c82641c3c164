import { toJson } from '../src/lib/json.js';
import { cleanupOrphans, ORPHAN_ARCHIVE, type CleanedOrphan } from '../src/reconcile/orphan-cleanup.js';
import { commandLine } from './command/command-line.js';
import { asStarted } from './command/started-as.js';
import { EXIT_INTERRUPTED, interruptSignal } from './command/interrupt.js';
import { installedModule, programOption } from './command/program-option.js';
import { ProgressBar } from './command/progress-bar.js';
import { withFoundation } from './command/with-foundation.js';
import { duration } from './command/duration.js';

/** Documented in --help. */
const EXIT = { done: 0, left: 1 } as const;

/** Why something is an orphan, in words. */
const REASON = {
  'no-account': 'no account on chain',
  'no-event': 'no event makes it',
  'no-address': 'it has no address',
  duplicate: 'another document has its address',
} as const;

interface Options {
  readonly program?: string;
  readonly grace?: number;
  readonly by: string;
  readonly apply: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

const command = commandLine('cleanup-orphaned')
  .description(
    'Lists documents that are marked as orphaned (in MongoDB, and nothing on chain makes them), and with --apply removes ' +
      `those that were for long enough. What is removed is kept whole in the collection ${ORPHAN_ARCHIVE}.`,
  )
  .addOption(programOption('only of this one (default: all)'))
  .option('--grace <duration>', 'only those marked for so long: 0, 30m, 24h, 7d (default: ORPHAN_GRACE_MS)', duration)
  .option('--by <name>', 'who removes them, for the archive', process.env['USER'] ?? 'operator')
  .option('--apply', 'remove them', false)
  .option('--dry-run', 'remove nothing, which is the default', false)
  .option('--json', 'print one JSON object as the last line', false)
  .addHelpText(
    'after',
    `
Reconcile marks orphans: npm run reconcile-all. Each is looked for on chain once more before it is removed, at finalized and
on two endpoints where there are two; one that has an account after all stays, and reconcile takes its mark away.

Ctrl-C ends it between two documents; what was removed is in the archive, and the same command goes on.

Exit code: 0 when all that was to go is gone (or would be), 1 when some of it could not be confirmed, 2 when it could not be
done or was asked wrongly, 130 when it was interrupted.

Examples:
  npm run cleanup-orphaned
  npm run cleanup-orphaned -- --grace 7d --apply --by alice
  npm run cleanup-orphaned -- --grace 0 --apply --json | tail -1 | jq .removed`,
  )
  .parse();
const options = command.opts<Options>();
if (options.apply && options.dryRun) command.error('error: --apply and --dry-run exclude each other');

const signal = interruptSignal();
await withFoundation({ what: 'Nothing was cleaned up', json: options.json }, async (foundation) => {
  const { config, machine, mongo, pool } = foundation;
  const { clock } = machine;
  const programs = options.program === undefined ? foundation.modules : [installedModule(foundation, options.program)];
  const graceMs = options.grace ?? config.orphanGraceMs;
  const bar = new ProgressBar(process.stderr, () => clock.monotonic(), 'orphans');
  const orphans: CleanedOrphan[] = [];
  for (const { module, codec } of programs) {
    const dependencies = { db: mongo.db, clock, chain: pool.chain, members: pool.members, signal };
    orphans.push(
      ...(await cleanupOrphans(dependencies, module, codec, {
        ...{ graceMs, apply: options.apply, by: options.by },
        onProgress: (done, total) => bar.show({ done, total }),
      })),
    );
  }
  bar.end();
  for (const line of orphans.map(describe)) console.log(asStarted(line));
  const count = (outcome: CleanedOrphan['outcome']) => orphans.filter((one) => one.outcome === outcome).length;
  const counts = { removed: count('removed'), inGrace: count('in-grace'), alive: count('alive') };
  const unconfirmed = count('unconfirmed');
  for (const line of summary(orphans.length, { ...counts, unconfirmed })) console.log(asStarted(line));
  if (options.json) console.log(toJson({ applied: options.apply, ...counts, unconfirmed, orphans }));
  process.exitCode = signal.aborted ? EXIT_INTERRUPTED : unconfirmed > 0 ? EXIT.left : EXIT.done;
});

function describe({ collection, key, id, since, reason, outcome }: CleanedOrphan): string {
  const what = outcome === 'removed' && !options.apply ? 'would go' : outcome.replace('-', ' ');
  // Its key is another document's as well, or none.
  const name = reason === 'duplicate' || reason === 'no-address' ? id : key;
  return `${what.padEnd(12)} ${collection}/${name} (${REASON[reason]}, marked ${since.toISOString()})`;
}

function summary(
  total: number,
  counts: { readonly removed: number; readonly inGrace: number; readonly alive: number; readonly unconfirmed: number },
): string[] {
  if (total === 0) return ['no document is marked as orphaned'];
  const { removed, inGrace, alive, unconfirmed } = counts;
  const parts = [
    options.apply ? `${removed} removed, kept in ${ORPHAN_ARCHIVE}` : `${removed} would be removed`,
    ...(inGrace > 0 ? [`${inGrace} not marked for long enough`] : []),
    ...(alive > 0 ? [`${alive} are on chain after all, and the next reconcile pass brings them back`] : []),
    ...(unconfirmed > 0 ? [`${unconfirmed} could not be confirmed: the endpoints do not agree, or it changed`] : []),
  ];
  const next = !options.apply && removed > 0 ? ['nothing was written; with --apply they go'] : [];
  return [`${total} orphans: ${parts.join(', ')}`, ...next];
}
