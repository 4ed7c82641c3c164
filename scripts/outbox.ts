import { Option } from 'commander';
import { countOpenMessages, listMessages, OPEN_STATES } from '../src/ledger/outbox-lists.js';
import { dropMessage, MESSAGE_STATES, outbox, retryMessage, type MessageState } from '../src/ledger/outbox.js';
import { systemClock } from '../src/lib/clock.js';
import { MooringError } from '../src/lib/errors.js';
import type { TimePlace } from '../src/lib/older-than.js';
import type { MongoConnection } from '../src/store/mongo-connection.js';
import { commandLine } from './command/command-line.js';
import { commandOutput } from './command/command-output.js';
import { wholeNumber } from './command/whole-number.js';
import { withDatabase } from './command/with-database.js';

const EXIT_NOT_ALL = 1;
const DEFAULT_LIMIT = 50;

const program = commandLine('outbox')
  .description('Lists, retries and drops messages on their way out.')
  .option('--json', 'print one JSON object as the last line')
  .addHelpText(
    'after',
    `
waiting: nothing final causes it yet, or whoever it is for has not let it go. due: owed. failed: refused, or tried too
often; an id that begins with on-finalized stands for a final event whose handler failed: mend it, then retry the id.

Exit code: 0 done, 1 not all of it: an id is unknown, or in a state in which that cannot be done, 2 it could not be done,
or was asked wrongly.

Examples:
  npm run outbox -- list --state failed
  npm run -s outbox -- --json list | tail -1 | jq .counts
  npm run outbox -- retry welcome-developer.7xK…
  npm run outbox -- drop welcome-developer.7xK…`,
  );

const { isJson, print } = commandOutput(program);

program
  .command('list')
  .description('The newest first.')
  .addOption(new Option('--state <state>', 'only those in this state').choices(MESSAGE_STATES))
  .option('--limit <n>', 'how many at most', wholeNumber(1), DEFAULT_LIMIT)
  .option('--after <id>', 'the next page: the last id of the page before')
  .action(({ state, limit, after }: { state?: MessageState; limit: number; after?: string }) =>
    onDatabase(async ({ db }) => {
      const found = await listMessages(db, state, limit + 1, await placeOf(db, after));
      const counts = await countOpenMessages(db);
      const items = found.slice(0, limit);
      const next = found.length > limit ? (items.at(-1)?._id ?? null) : null;
      print({ counts, items, next }, [
        ...items.map(({ _id, state, attempts, error }) =>
          `${state.padEnd(8)} ${attempts}×  ${_id}  ${error ?? ''}`.trimEnd(),
        ),
        `${OPEN_STATES.map((open) => `${counts[open]} ${open}`).join(', ')}.`,
        ...(next === null ? [] : [`There are more: --limit, --after ${next}`]),
      ]);
    }),
  );

program
  .command('retry')
  .description(
    'Sends failed and dropped ones again, and at once those that rest between two attempts; a worker does it.',
  )
  .argument('<ids...>', 'as list shows them')
  .action((ids: string[]) => onEach(ids, 'retried', (db, id) => retryMessage(db, id, new Date(systemClock.now()))));

program
  .command('drop')
  .description('Decides that these never leave. Those that are sent already cannot be dropped.')
  .argument('<ids...>', 'as list shows them')
  .action((ids: string[]) => onEach(ids, 'dropped', (db, id) => dropMessage(db, id, new Date(systemClock.now()))));

await program.parseAsync();

async function placeOf(db: MongoConnection['db'], id: string | undefined): Promise<TimePlace | null> {
  if (id === undefined) return null;
  const message = await outbox(db).findOne({ _id: id });
  if (!message) throw new MooringError('unknown-id', `There is no message ${id} (any more) to go on after.`);
  return message;
}

function onEach(
  ids: readonly string[],
  done: string,
  act: (db: MongoConnection['db'], id: string) => Promise<boolean>,
): Promise<void> {
  return onDatabase(async ({ db }) => {
    const [acted, not]: [string[], string[]] = [[], []];
    for (const id of ids) ((await act(db, id)) ? acted : not).push(id);
    if (not.length > 0) process.exitCode = EXIT_NOT_ALL;
    print({ [done]: acted, not }, [
      `${acted.length} ${done}.`,
      ...not.map((id) => `${id}: unknown, or its state forbids it.`),
    ]);
  });
}

function onDatabase(work: (mongo: MongoConnection) => Promise<void>): Promise<void> {
  return withDatabase({ what: 'It could not be done', json: isJson() }, undefined, work);
}
