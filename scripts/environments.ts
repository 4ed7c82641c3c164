import { InvalidArgumentError } from 'commander';
import { SLUG, type Environment } from '../src/delivery/environments/environment.js';
import {
  changeEnvironment,
  createEnvironment,
  ensureDefaultEnvironment,
  ensureEnvironmentIndexes,
  listEnvironments,
} from '../src/delivery/environments/environment-store.js';
import { installedDomains } from '../src/app/installed-domains.js';
import { readConfig } from '../src/config/env.js';
import { systemClock } from '../src/lib/clock.js';
import { MooringError } from '../src/lib/errors.js';
import type { MongoConnection } from '../src/store/mongo-connection.js';
import { commandLine } from './command/command-line.js';
import { commandOutput } from './command/command-output.js';
import { withDatabase } from './command/with-database.js';

type Chain = Environment['chain'];

const EXIT_NOT_DONE = 1;
const CHAIN = 'chain events it gets: all, none, or names of programs with commas between';

const program = commandLine('environments')
  .description('Makes, lists and changes environments, which keep events, dispatchers and deliveries apart.')
  .option('--json', 'print one JSON object as the last line')
  .option('--mongodb-uri <uri>', 'the database (default: MONGODB_URI, also from .env)')
  .addHelpText(
    'after',
    `
Who sees what is decided by the API key: npm run api-key -- create --name <name> --environment <slug>.

Exit code: 0 done, 1 the slug is taken, or there is no such environment, 2 it could not be done, or was asked wrongly.

Examples:
  npm run environments -- list
  npm run environments -- create staging --chain coupons,red-packets
  npm run environments -- change default --chain none`,
  );

const { isJson, print } = commandOutput(program);

program
  .command('list')
  .description('Shows all environments.')
  .action(() =>
    onDatabase(async ({ db }) => {
      const all = await listEnvironments(db);
      print(
        { environments: all.map(shown) },
        all.map((one) => `${one._id}  ${one.slug}  ${one.name}  chain: ${chainText(one.chain)}`),
      );
    }),
  );

program
  .command('create')
  .description('Makes an environment.')
  .argument('<slug>', 'lower case letters, digits and hyphens', parseSlug)
  .option('--name <name>', 'for people (default: the slug)')
  .option('--chain <programs>', CHAIN, parseChain, { programs: null })
  .action((slug: string, { name = slug, chain }: { name?: string; chain: Chain }) =>
    onDatabase(async ({ db }) => {
      await refuseUnknown(chain);
      const made = await createEnvironment(db, { slug, name, chain }, new Date(systemClock.now()));
      if (!made) return refuse(slug, 'taken', `There is an environment "${slug}" already.`);
      print({ outcome: 'created', environment: shown(made) }, [
        `The environment "${slug}" is made (${made._id}).`,
        `A key for it: npm run api-key -- create --name <name> --environment ${slug}`,
      ]);
    }),
  );

program
  .command('change')
  .description('Changes what is named.')
  .argument('<slug>', 'the slug that list shows')
  .option('--name <name>', 'for people')
  .option('--chain <programs>', CHAIN, parseChain)
  .action((slug: string, change: { name?: string; chain?: Chain }) =>
    onDatabase(async ({ db }) => {
      if (change.chain) await refuseUnknown(change.chain);
      const changed = await changeEnvironment(db, slug, change, new Date(systemClock.now()));
      if (!changed) return refuse(slug, 'unknown', `There is no environment "${slug}".`);
      print({ outcome: 'changed', environment: shown(changed) }, [
        `The environment "${slug}" is named "${changed.name}" and gets chain events of: ${chainText(changed.chain)}.`,
      ]);
    }),
  );

await program.parseAsync();

function onDatabase(work: (mongo: MongoConnection) => Promise<void>): Promise<void> {
  const { mongodbUri } = program.opts<{ mongodbUri?: string }>();
  return withDatabase({ what: 'It could not be done', json: isJson() }, mongodbUri, async (mongo) => {
    await ensureEnvironmentIndexes(mongo.db);
    await ensureDefaultEnvironment(mongo.db, new Date(systemClock.now()));
    await work(mongo);
  });
}

/** A name that no program has would keep an environment from its events without a word. */
async function refuseUnknown({ programs }: Chain): Promise<void> {
  const installed = (await installedDomains(readConfig())).map(({ module }) => module.name);
  const unknown = programs?.filter((name) => !installed.includes(name)) ?? [];
  if (unknown.length === 0) return;
  throw new MooringError(
    'unknown-program',
    `--chain names ${unknown.join(', ')}. Programs here are: ${installed.join(', ')} (PROGRAMS, MOORING_DOMAINS).`,
  );
}

function refuse(slug: string, outcome: 'taken' | 'unknown', line: string): void {
  process.exitCode = EXIT_NOT_DONE;
  print({ slug, outcome }, [line]);
}

function shown({ _id: id, ...rest }: Environment) {
  return { id, ...rest };
}

function chainText({ programs }: Chain): string {
  if (programs === null) return 'all';
  return programs.length === 0 ? 'none' : programs.join(', ');
}

function parseSlug(text: string): string {
  if (SLUG.test(text)) return text;
  throw new InvalidArgumentError('It must be lower case letters, digits and hyphens, at most 63.');
}

function parseChain(text: string): Chain {
  if (text === 'all') return { programs: null };
  if (text === 'none') return { programs: [] };
  const programs = text.split(',').map((name) => name.trim());
  if (programs.every((name) => /^[\w-]+$/.test(name))) return { programs };
  throw new InvalidArgumentError('It must be all, none, or names of programs with commas between.');
}
