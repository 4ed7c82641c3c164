import { InvalidArgumentError } from 'commander';
import { ApiKeys, SCOPES, type ApiKey, type PreviousSecret, type Scope } from '../src/api/api-keys.js';
import { listEnvironments } from '../src/delivery/environments/environment-store.js';
import { DEFAULT_ENVIRONMENT_ID } from '../src/delivery/environments/environment.js';
import { systemClock } from '../src/lib/clock.js';
import { MooringError } from '../src/lib/errors.js';
import { toJson } from '../src/lib/json.js';
import type { MongoConnection } from '../src/store/mongo-connection.js';
import { commandLine } from './command/command-line.js';
import { commandOutput } from './command/command-output.js';
import { duration } from './command/duration.js';
import { withDatabase } from './command/with-database.js';

const EXIT_UNKNOWN_KEY = 1;
const DEFAULT_OVERLAP_MS = 24 * 3_600_000;

const program = commandLine('api-key')
  .description('Makes, lists, rotates and revokes API keys. Writes need one; reads too with API_KEYS_FOR_READS=true.')
  .option('--json', 'print one JSON object as the last line')
  .option('--mongodb-uri <uri>', 'the database (default: MONGODB_URI, also from .env)')
  .addHelpText(
    'after',
    `
Exit code: 0 done, 1 there is no such key, or it is revoked and cannot be rotated, 2 it could not be done, or was asked wrongly.

Examples:
  npm run api-key -- create --name me
  npm run -s api-key -- --json create --name ci --scopes write | jq -r .token
  npm run api-key -- create --name worker --environment staging
  npm run api-key -- list
  npm run api-key -- rotate <id> --overlap 2h
  npm run api-key -- revoke <id>`,
  );

const { isJson } = commandOutput(program);

program
  .command('create')
  .description('Makes a key and shows it, this once: only its hash is kept.')
  .requiredOption('--name <name>', 'what it is for')
  .option('--scopes <scopes>', `with commas between: ${SCOPES.join(', ')}`, parseScopes, [...SCOPES])
  .option('--environment <slug>', 'whose events, dispatchers and deliveries it sees', 'default')
  .option('--dry-run', 'only say what it would make')
  .action(({ name, scopes, environment: slug, dryRun }: CreateOptions) =>
    withKeys(async (keys, mongo) => {
      const environment = await environmentOf(mongo, slug);
      if (dryRun) {
        const would = `Would make the key "${name}" (${scopes.join(' + ')}) of the environment ${slug}.`;
        return print({ dryRun, name, scopes, environment }, [would]);
      }
      const { key, token } = await keys.create(name, scopes, environment);
      print({ ...shown(key), token }, [
        `${token}`,
        '',
        `This is the only time the key "${name}" (${key.id}, ${key.scopes.join(' + ')}) is shown. Send it as`,
        '  Authorization: Bearer <key>',
      ]);
    }),
  );

program
  .command('list')
  .description('Shows all keys, without their secrets.')
  .action(() =>
    withKeys(async (keys, { db }) => {
      const all = await keys.list();
      const slugs = new Map((await listEnvironments(db)).map(({ _id, slug }) => [_id, slug]));
      const lines = all.map((key) => {
        const state = key.revokedAt ? `revoked ${key.revokedAt.toISOString()}` : 'active';
        const used = key.lastUsedAt ? `last used ${key.lastUsedAt.toISOString()}` : 'never used';
        const old = key.previous ? [`  old secret ${previousText(key.previous)}`] : [];
        const of =
          slugs.get(key.environment) ?? (key.environment === DEFAULT_ENVIRONMENT_ID ? 'default' : key.environment);
        return [`${key.id}  ${key.name}  ${key.scopes.join('+')}  ${of}  ${state}  ${used}`, ...old].join('');
      });
      print({ keys: all.map(shown) }, lines.length > 0 ? lines : ['There are no keys yet.']);
    }),
  );

program
  .command('rotate')
  .description('Gives a key another secret and shows it, this once; the old one stays valid for a while.')
  .argument('<id>', 'the id that list shows')
  .option('--overlap <time>', 'how long the old one is still valid: 90s, 30m, 24h, 7d', duration, DEFAULT_OVERLAP_MS)
  .action((id: string, { overlap }: { overlap: number }) =>
    withKeys(async (keys) => {
      const rotation = await keys.rotate(id, overlap);
      if (rotation.kind !== 'rotated') {
        process.exitCode = EXIT_UNKNOWN_KEY;
        const why =
          rotation.kind === 'unknown' ? `There is no key ${id}.` : `The key ${id} is revoked: make another one.`;
        return print({ id, outcome: rotation.kind }, [why]);
      }
      const { key, token } = rotation;
      const old = key.previous ? `until ${key.previous.validUntil.toISOString()}` : 'no longer';
      print({ ...shown(key), token }, [
        `${token}`,
        '',
        `This is the only time the new secret of "${key.name}" (${id}) is shown. The old one is valid ${old}.`,
      ]);
    }),
  );

program
  .command('revoke')
  .description('Makes a key worthless from the next request on.')
  .argument('<id>', 'the id that list shows')
  .option('--dry-run', 'only say what it would revoke')
  .action((id: string, { dryRun }: { dryRun?: true }) =>
    withKeys(async (keys) => {
      if (dryRun) {
        const key = (await keys.list()).find((one) => one.id === id);
        if (!key) process.exitCode = EXIT_UNKNOWN_KEY;
        const would = key ? `Would revoke the key "${key.name}" (${id}).` : `There is no key ${id}.`;
        return print({ dryRun, id, outcome: key ? 'would-revoke' : 'unknown' }, [would]);
      }
      const outcome = await keys.revoke(id);
      if (outcome === 'unknown') process.exitCode = EXIT_UNKNOWN_KEY;
      print({ id, outcome }, [outcome === 'unknown' ? `There is no key ${id}.` : `The key ${id} is revoked.`]);
    }),
  );

await program.parseAsync();

interface CreateOptions {
  readonly name: string;
  readonly scopes: Scope[];
  readonly environment: string;
  readonly dryRun?: true;
}

/** @throws MooringError `environment-unknown` */
async function environmentOf({ db }: MongoConnection, slug: string): Promise<string> {
  const all = await listEnvironments(db);
  const found = all.find((one) => one.slug === slug);
  if (found) return found._id;
  // A database that nothing was started on yet.
  if (slug === 'default') return DEFAULT_ENVIRONMENT_ID;
  throw new MooringError(
    'environment-unknown',
    `There is no environment "${slug}"; there are: ${all.map((one) => one.slug).join(', ') || 'default'}. ` +
      `Make it: npm run environments -- create ${slug}`,
  );
}

function previousText({ validUntil, lastUsedAt }: PreviousSecret): string {
  const isOver = validUntil.getTime() <= systemClock.now();
  const used = lastUsedAt ? `last used ${lastUsedAt.toISOString()}` : 'not used since';
  return `${isOver ? 'ended' : 'valid until'} ${validUntil.toISOString()}, ${used}`;
}

function withKeys(use: (keys: ApiKeys, mongo: MongoConnection) => Promise<void>): Promise<void> {
  const { mongodbUri } = program.opts<{ mongodbUri?: string }>();
  return withDatabase({ what: 'It could not be done', json: isJson() }, mongodbUri, (mongo) =>
    use(new ApiKeys(mongo.db, systemClock), mongo),
  );
}

function print(json: object, lines: readonly string[]): void {
  console.log(isJson() ? toJson(json) : lines.join('\n'));
}

function shown(key: ApiKey) {
  return { ...key, active: key.revokedAt === null };
}

function parseScopes(text: string): Scope[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const isScope = (scope: string): scope is Scope => (SCOPES as readonly string[]).includes(scope);
  if (scopes.length > 0 && scopes.every(isScope)) return scopes;
  throw new InvalidArgumentError(`Scopes are ${SCOPES.join(', ')}.`);
}
