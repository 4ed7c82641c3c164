import { Option } from 'commander';
import { dropMessage, listMessages, MESSAGE_STATES, retryMessage, type MessageState } from '../src/ledger/outbox.js';
import { systemClock } from '../src/lib/clock.js';
import { toJson } from '../src/lib/json.js';
import type { MongoConnection } from '../src/store/mongo-connection.js';
import { commandLine } from './command/command-line.js';
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
waiting: nothing final causes it yet, or whoever it is for has not let it go. failed: refused, or tried too often.

Exit code: 0 done, 1 not all of it: an id is unknown, or in a state in which that cannot be done, 2 it could not be done,
or was asked wrongly.

Examples:
  npm run outbox -- list --state failed
  npm run outbox -- retry welcome-developer.7xK…
  npm run outbox -- drop welcome-developer.7xK…`,
  );

program
  .command('list')
  .description('The newest first.')
  .addOption(new Option('--state <state>', 'only those in this state').choices(MESSAGE_STATES))
  .option('--limit <n>', 'how many at most', wholeNumber(1), DEFAULT_LIMIT)
  .action(({ state, limit }: { state?: MessageState; limit: number }) =>
    onDatabase(async ({ db }) => {
      const items = await listMessages(db, state, limit);
      print(
        { items },
        items.map(({ _id, state, attempts, error }) =>
          `${state.padEnd(8)} ${attempts}×  ${_id}  ${error ?? ''}`.trimEnd(),
        ),
      );
    }),
  );

program
  .command('retry')
  .description('Sends failed and dropped ones again, and at once those that rest between two attempts.')
  .argument('<ids...>', 'as list shows them')
  .action((ids: string[]) => onEach(ids, 'retried', (db, id) => retryMessage(db, id, new Date(systemClock.now()))));

program
  .command('drop')
  .description('Decides that these never leave. Those that are sent already cannot be dropped.')
  .argument('<ids...>', 'as list shows them')
  .action((ids: string[]) => onEach(ids, 'dropped', (db, id) => dropMessage(db, id, new Date(systemClock.now()))));

await program.parseAsync();

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

function print(result: object, lines: readonly string[]): void {
  for (const line of lines) console.log(line);
  if (isJson()) console.log(toJson(result));
}

function isJson(): boolean {
  return program.opts<{ json?: boolean }>().json === true;
}
