import { Option } from 'commander';
import { systemClock } from '../src/lib/clock.js';
import { MooringError } from '../src/lib/errors.js';
import type { TimePlace } from '../src/lib/older-than.js';
import { toJson } from '../src/lib/json.js';
import { span } from '../src/ops/doctor/words.js';
import type { MongoConnection } from '../src/store/mongo-connection.js';
import { fulfilWish } from '../src/transactions/fulfil-wish.js';
import { troubleOf } from '../src/transactions/judge-request.js';
import { listTransactions } from '../src/transactions/list-transactions.js';
import {
  currentAttempt,
  TRANSACTION_STATES,
  WISHES,
  type ManagedTransaction,
  type TransactionState,
  type Wish,
} from '../src/transactions/managed-transaction.js';
import { TransactionStore } from '../src/transactions/transaction-store.js';
import { commandLine } from './command/command-line.js';
import { commandOutput } from './command/command-output.js';
import { wholeNumber } from './command/whole-number.js';
import { withDatabase } from './command/with-database.js';

const EXIT_NOT = 1;
const DEFAULT_LIMIT = 50;
/** A desk looks for wishes every second; a lease that has to be taken over first takes longer. */
const DEFAULT_WAIT_SECONDS = 15;

interface ListOptions {
  readonly state?: TransactionState;
  readonly signer?: string;
  readonly command?: string;
  readonly limit: number;
  readonly after?: string;
}

const DESCRIPTIONS: Readonly<Record<Wish, string>> = {
  cancel: 'Takes it back, as long as nothing of it is signed.',
  resubmit: 'Hands its bytes to the nodes again, now.',
  bump: 'Offers more, over the same durable nonce; over a blockhash that would be unsafe, and is refused.',
};

const program = commandLine('transactions')
  .description('Writes on their way to the chain: lists and shows them, and does what can be done about them.')
  .option('--json', 'print one JSON object as the last line')
  .addHelpText(
    'after',
    `
Whoever holds the lease of the signer does what is wanted, and the command says what became of it. Nothing is ever
dropped from here: what was signed can land, and its bytes are how its fate is proven.

Exit code: 0 done, 1 not done: it is unknown, it cannot be, or nobody came to it in time, 2 it could not be done, or was
asked wrongly.

Examples:
  npm run transactions -- list --state sent
  npm run transactions -- show 4f2a…:order-17
  npm run transactions -- cancel 4f2a…:order-17
  npm run -s transactions -- --json list --state pending | tail -1 | jq .items[].id`,
  );

const { isJson, print } = commandOutput(program);

program
  .command('list')
  .description('The newest first, of whatever API key.')
  .addOption(new Option('--state <state>', 'only those in this state').choices(TRANSACTION_STATES))
  .option('--signer <address>', 'only those of this signer')
  .option('--command <name>', 'only those of this command, such as PromotionController.create')
  .option('--limit <n>', 'how many at most', wholeNumber(1), DEFAULT_LIMIT)
  .option('--after <id>', 'the next page: the last id of the page before')
  .action(({ state, signer, command, limit, after }: ListOptions) =>
    onDatabase(async ({ db }) => {
      const filter = {
        ...(state === undefined ? {} : { states: [state] }),
        ...(signer === undefined ? {} : { signer }),
        ...(command === undefined ? {} : { command }),
      };
      const found = await listTransactions(db, filter, limit + 1, await placeOf(db, after));
      const items = found.slice(0, limit);
      const next = found.length > limit ? (items.at(-1)?.id ?? null) : null;
      print({ items: items.map(shown), next }, [
        ...(items.length === 0 ? ['There is none.'] : items.map(lineOf)),
        ...(next === null ? [] : [`There are more: --limit, --after ${next}`]),
      ]);
    }),
  );

program
  .command('show')
  .description('Everything that was done for one.')
  .argument('<id>', 'as list shows it')
  .action((id: string) =>
    onDatabase(async ({ db }) => {
      const transaction = await new TransactionStore(db).find(id);
      if (!transaction) return sayUnknown(id);
      const trouble = troubleOf(transaction, systemClock.now());
      const facts = Object.entries(shown(transaction)).filter(([name]) => name !== 'attempts');
      print({ ...shown(transaction), trouble }, [
        ...facts.map(([name, value]) => `${name.padEnd(12)} ${typeof value === 'string' ? value : toJson(value)}`),
        ...transaction.attempts.map((attempt) => `version      ${toJson(withoutBytes(attempt))}`),
        ...(trouble === null ? [] : [`trouble      ${trouble}`]),
      ]);
    }),
  );

for (const wish of WISHES) {
  program
    .command(wish)
    .description(DESCRIPTIONS[wish])
    .argument('<id>', 'as list shows it')
    .option('--wait <seconds>', 'for whoever holds the lease', wholeNumber(0, 3_600), DEFAULT_WAIT_SECONDS)
    .action((id: string, { wait }: { wait: number }) =>
      onDatabase(async ({ db }) => {
        const deps = { store: new TransactionStore(db), clock: systemClock };
        const outcome = await fulfilWish(deps, id, wish, wait * 1_000);
        if (!outcome) return sayUnknown(id);
        const { kind, detail, transaction } = outcome;
        if (kind !== 'done') process.exitCode = EXIT_NOT;
        print({ id, wish, outcome: kind, detail, state: transaction.state }, [`${id}: ${detail}`]);
      }),
    );
}

await program.parseAsync();

async function placeOf(db: MongoConnection['db'], id: string | undefined): Promise<TimePlace | null> {
  if (id === undefined) return null;
  const transaction = await new TransactionStore(db).find(id);
  if (!transaction) throw new MooringError('unknown-id', `There is no transaction ${id} to go on after.`);
  return { createdAt: transaction.createdAt, _id: transaction.id };
}

function sayUnknown(id: string): void {
  process.exitCode = EXIT_NOT;
  print({ id, outcome: 'unknown' }, [`There is no transaction ${id}.`]);
}

function lineOf(transaction: ManagedTransaction): string {
  const { id, state, command, createdAt, attempts } = transaction;
  const trouble = troubleOf(transaction, systemClock.now());
  const age = span(systemClock.now() - createdAt.getTime());
  return `${state.padEnd(9)} ${attempts.length}×  ${id}  ${command}, ${age} ago${trouble ? `  ${trouble}` : ''}`;
}

/** Without the bytes, and what they were planned from. */
function shown(transaction: ManagedTransaction) {
  const { bodyHash: _hash, instructions: _planned, request: _request, attempts, ...rest } = transaction;
  return {
    ...rest,
    signature: currentAttempt(transaction)?.signature ?? null,
    attempts: attempts.map(withoutBytes),
  };
}

function withoutBytes({ wire: _wire, ...attempt }: ManagedTransaction['attempts'][number]) {
  return attempt;
}

function onDatabase(work: (mongo: MongoConnection) => Promise<void>): Promise<void> {
  return withDatabase({ what: 'It could not be done', json: isJson() }, undefined, work);
}
