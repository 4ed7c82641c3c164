import { Option, type Command } from 'commander';
import { createDeadLetterRetrying } from '../src/app/dead-letter-retrying.js';
import { adviceFor } from '../src/ledger/dead-advice.js';
import {
  countDeadItems,
  DEAD_KINDS,
  DEAD_REASONS,
  dismissDead,
  listDeadItems,
  readDeadItem,
  type DeadFilter,
  type DeadItem,
  type DeadKind,
  type DeadPlace,
  type DeadReason,
} from '../src/ledger/dead-items.js';
import { systemClock } from '../src/lib/clock.js';
import { MooringError } from '../src/lib/errors.js';
import { toJson } from '../src/lib/json.js';
import type { RetryOutcome } from '../src/recovery/dead-letter-retry.js';
import type { MongoConnection } from '../src/store/mongo-connection.js';
import { commandLine } from './command/command-line.js';
import { commandOutput } from './command/command-output.js';
import { EXIT_INTERRUPTED, interruptSignal } from './command/interrupt.js';
import { installed, programOption } from './command/program-option.js';
import type { FailureReport } from './command/report-failure.js';
import { wholeNumber } from './command/whole-number.js';
import { withDatabase } from './command/with-database.js';
import { withFoundation } from './command/with-foundation.js';
import { workerLives } from './command/worker-lives.js';

const EXIT_NOT_ALL = 1;
const DEFAULT_LIMIT = 50;
/** Ids read at once where everything is wanted. */
const PAGE = 500;

interface FilterOptions {
  readonly program?: string;
  readonly reason?: DeadReason;
  readonly kind?: DeadKind;
}

const program = commandLine('dead-letters')
  .description('Lists, shows, retries and drops what could not be decoded, fetched or handled.')
  .option('--json', 'print one JSON object as the last line')
  .addHelpText(
    'after',
    `
A letter is what could not become an event: bytes that no IDL explains, a transaction that no endpoint has, a log that
was cut off. A record is an event whose handler failed for good.

Exit code: 0 done, 1 not all of it: an id is unknown, or still dead after its retry, 2 it could not be done, or was
asked wrongly, 130 a retry was interrupted: what it had not come to is as it was, and the same command goes on.

Examples:
  npm run dead-letters -- list --reason unknown-discriminator
  npm run dead-letters -- show 5xq…/log/0
  npm run dead-letters -- retry 5xq…/log/0
  npm run dead-letters -- retry --all --program coupons --apply
  npm run dead-letters -- drop 5xq…/log/0 --by alice --apply
  npm run dead-letters -- --json list | tail -1 | jq .counts`,
  );

const { isJson } = commandOutput(program);

function withFilters(command: Command): Command {
  return command
    .addOption(programOption('only those of this program'))
    .addOption(new Option('--reason <reason>', 'only those with this reason').choices(DEAD_REASONS))
    .addOption(new Option('--kind <kind>', 'only letters, or only records').choices(DEAD_KINDS));
}

withFilters(program.command('list'))
  .description('The newest first; what was dropped or completed otherwise only with --all.')
  .option('--all', 'what was dropped or completed too')
  .option('--limit <n>', 'how many at most', wholeNumber(1), DEFAULT_LIMIT)
  .option('--after <id>', 'the next page: the last id of the page before')
  .action((options: FilterOptions & { all?: boolean; limit: number; after?: string }) =>
    onDatabase(async ({ db }) => {
      const filter = filterOf(options, options.all === true);
      const items = await listDeadItems(db, filter, options.limit, await placeOf(db, options.after));
      const counts = await countDeadItems(db, filter);
      const total = counts.letter + counts.record;
      const rest =
        items.length < total ? `${items.length} of ${total} shown: --limit, --after ${items.at(-1)?.id}` : '';
      print({ counts, items: items.map(shown) }, [
        ...(items.length === 0 ? [] : tableOf(items)),
        `${lettersOf(counts)} (not decoded or fetched), ${recordsOf(counts)} (handler failed). ${rest}`.trim(),
      ]);
    }),
  );

program
  .command('show')
  .description('Everything about one, and what to do.')
  .argument('<id>', 'as list shows it')
  .action((id: string) =>
    onDatabase(async ({ db }) => {
      const item = await readDeadItem(db, id);
      if (!item) {
        process.exitCode = EXIT_NOT_ALL;
        return print({ id, outcome: 'unknown' }, [`There is no dead letter ${id} (any more).`]);
      }
      const lines = Object.entries(shown(item)).map(([name, value]) => {
        const text = typeof value === 'string' ? value : toJson(value ?? null);
        return `${name.padEnd(12)} ${text}`;
      });
      print({ ...shown(item), advice: adviceFor(item.reason) }, [...lines, '', adviceFor(item.reason)]);
    }),
  );

withFilters(program.command('retry'))
  .description('Tries again: decodes by the IDL of the slot, fetches, or gives the handler another try.')
  .argument('[ids...]', 'as list shows them')
  .option('--all', 'every open one that the filters let through; shows what it would do, unless --apply')
  .option('--apply', 'with --all: do it')
  .addOption(new Option('--dry-run', 'only say what it would do').conflicts('apply'))
  .action(async (ids: string[], options: FilterOptions & { all?: boolean; apply?: boolean; dryRun?: boolean }) => {
    if (ids.length > 0 === (options.all === true)) program.error('error: give either ids or --all');
    if (options.dryRun && !options.all) return onDatabase(({ db }) => sayWhatWouldBe(db, ids, 'retry'));
    if (options.all && !options.apply) {
      return onDatabase(async ({ db }) => {
        const counts = await countDeadItems(db, filterOf(options, false));
        print({ dryRun: true, counts }, [
          `Would retry ${lettersOf(counts)} and ${recordsOf(counts)}. Do it with --apply.`,
        ]);
      });
    }
    await withFoundation(failure(), async (foundation) => {
      const retrying = createDeadLetterRetrying(foundation);
      try {
        const interrupted = interruptSignal();
        const { db } = foundation.mongo;
        const wanted = options.all ? await allIds(db, filterOf(options, false)) : ids;
        const outcomes: ({ id: string } & RetryOutcome)[] = [];
        const programs = new Set<string>();
        for (const id of wanted) {
          if (interrupted.aborted) break;
          const item = await readDeadItem(db, id);
          const outcome = { id, ...(await retrying.retry(id)) };
          outcomes.push(outcome);
          if (item && isAlive(outcome)) programs.add(item.program);
          console.log(describeOutcome(outcome));
        }
        const done = outcomes.filter(isAlive).length;
        if (done < wanted.length) process.exitCode = interrupted.aborted ? EXIT_INTERRUPTED : EXIT_NOT_ALL;
        const withoutWorker: string[] = [];
        for (const name of programs) {
          if (!(await workerLives(db, foundation.machine.clock, name))) withoutWorker.push(name);
        }
        print({ done, of: wanted.length, withoutWorker, outcomes }, [
          `${done} of ${wanted.length} retried with success.`,
          ...(outcomes.length < wanted.length
            ? [`Interrupted: the other ${wanted.length - outcomes.length} wait.`]
            : []),
          ...[...programs].map((name) => describeNext(name, !withoutWorker.includes(name))),
        ]);
      } finally {
        retrying.stop();
      }
    });
  });

program
  .command('drop')
  .description('Decides that these never take effect. They are kept, marked, and listed with --all only.')
  .argument('<ids...>', 'as list shows them')
  .option('--by <name>', 'who decided')
  .option('--apply', 'do it; without, it only says what it would do')
  .addOption(new Option('--dry-run', 'only say what it would do, as without --apply').conflicts('apply'))
  .action((ids: string[], { by, apply }: { by?: string; apply?: boolean }) =>
    onDatabase(async ({ db }) => {
      if (!apply) return sayWhatWouldBe(db, ids, 'drop');
      const { open, unknown, missing } = await lookAt(db, ids);
      const dropped = await dismissDead(db, open, by ?? null, new Date(systemClock.now()));
      print({ dropped, unknown }, [...missing, `${dropped} dropped. A retry of the id takes it back.`]);
    }),
  );

await program.parseAsync();

function filterOf({ program, reason, kind }: FilterOptions, closed: boolean): DeadFilter {
  if (installed.problem !== null) throw new MooringError('domains-invalid', installed.problem);
  const programs = program === undefined ? installed.names : [program];
  return { programs, closed, ...(reason ? { reason } : {}), ...(kind ? { kind } : {}) };
}

/** Which of these ids are open, and which nobody knows: that makes the exit code 1. */
async function lookAt(db: MongoConnection['db'], ids: readonly string[]) {
  const found = await Promise.all(ids.map((id) => readDeadItem(db, id)));
  const unknown = ids.filter((_, position) => found[position] === null);
  const open = ids.filter((_, position) => found[position]?.dismissedAt === null);
  if (unknown.length > 0) process.exitCode = EXIT_NOT_ALL;
  return { open, unknown, missing: unknown.map((id) => `There is no dead letter ${id} (any more).`) };
}

async function sayWhatWouldBe(
  db: MongoConnection['db'],
  ids: readonly string[],
  what: 'retry' | 'drop',
): Promise<void> {
  const { open, unknown, missing } = await lookAt(db, ids);
  const how = what === 'retry' ? 'without --dry-run' : 'with --apply';
  // A retry takes a decision to drop back.
  const which = what === 'retry' ? ids.filter((id) => !unknown.includes(id)) : open;
  print({ dryRun: true, [what === 'retry' ? 'wouldRetry' : 'wouldDrop']: which, unknown }, [
    ...missing,
    which.length === 0
      ? `There is nothing to ${what}.`
      : `Would ${what} ${which.length}: ${which.join(', ')}. Do it ${how}.`,
  ]);
}

async function placeOf(db: MongoConnection['db'], id: string | undefined): Promise<DeadPlace | null> {
  if (id === undefined) return null;
  const item = await readDeadItem(db, id);
  if (!item) throw new MooringError('unknown-id', `There is no dead letter ${id} (any more) to go on after.`);
  return [item.slot, item.id, item.kind];
}

async function allIds(db: MongoConnection['db'], filter: DeadFilter): Promise<string[]> {
  const ids: string[] = [];
  let after: DeadPlace | null = null;
  for (;;) {
    const items: DeadItem[] = await listDeadItems(db, filter, PAGE, after);
    ids.push(...items.map(({ id }) => id));
    const last = items.at(-1);
    if (!last || items.length < PAGE) return ids;
    after = [last.slot, last.id, last.kind];
  }
}

function tableOf(items: readonly DeadItem[]): string[] {
  const rows = items.map((item) => [
    ...[item.kind, item.program, String(item.slot), item.name ?? '', item.reason, `${item.attempts}×`],
    ...[closedBy(item), item.id],
  ]);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.flatMap((row, position) => [
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
    `    ${items[position]?.detail ?? ''}`,
  ]);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function lettersOf({ letter }: { letter: number }): string {
  return counted(letter, 'letter');
}

function recordsOf({ record }: { record: number }): string {
  return counted(record, 'record');
}

function closedBy({ dismissedAt, dismissedBy, resolvedAt }: DeadItem): string {
  if (dismissedAt) return `dropped${dismissedBy === null ? '' : ` by ${dismissedBy}`}`;
  return resolvedAt ? 'completed' : '';
}

function describeOutcome(outcome: { id: string } & RetryOutcome): string {
  switch (outcome.kind) {
    case 'recovered':
      return `${outcome.id}: recovered, ${counted(outcome.events, 'event')} entered the ledger`;
    case 'revived':
      return `${outcome.id}: its handler runs again`;
    case 'still-dead':
      return `${outcome.id}: still dead after ${outcome.attempts} retries, ${outcome.reason}: ${outcome.detail}`;
    case 'gone':
      return `${outcome.id}: nothing dead has this id (any more)`;
    case 'not-installed':
      return `${outcome.id}: the program ${outcome.program} is not installed (${installed.source})`;
  }
}

function isAlive({ kind }: RetryOutcome): boolean {
  return kind === 'recovered' || kind === 'revived';
}

function describeNext(name: string, lives: boolean): string {
  return lives
    ? `The worker of ${name} applies what came of it.`
    : `No worker runs for ${name}: what came of it is in the ledger, and is applied once one starts.`;
}

function shown(item: DeadItem) {
  return { ...item, raw: item.raw === null ? null : Buffer.from(item.raw).toString('hex') };
}

function onDatabase(work: (mongo: MongoConnection) => Promise<void>): Promise<void> {
  return withDatabase(failure(), undefined, work);
}

function failure(): FailureReport {
  return { what: 'It could not be done', json: isJson() };
}

function print(json: object, lines: readonly string[]): void {
  console.log(isJson() ? toJson(json) : lines.join('\n'));
}
