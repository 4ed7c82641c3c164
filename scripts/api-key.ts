import { InvalidArgumentError } from 'commander';
import { ApiKeys, SCOPES, type ApiKey, type Scope } from '../src/api/api-keys.js';
import { systemClock } from '../src/lib/clock.js';
import { toJson } from '../src/lib/json.js';
import { commandLine } from './command/command-line.js';
import { withDatabase } from './command/with-database.js';

const EXIT_UNKNOWN_KEY = 1;

const program = commandLine('api-key')
  .description('Makes, lists and revokes API keys. Writes need one; reads too with API_KEYS_FOR_READS=true.')
  .option('--json', 'print one JSON object as the last line')
  .option('--mongodb-uri <uri>', 'the database (default: MONGODB_URI, also from .env)')
  .addHelpText(
    'after',
    `
Exit code: 0 done, 1 there is no such key, 2 it could not be done, or was asked wrongly.

Examples:
  npm run api-key -- create --name me
  npm run -s api-key -- --json create --name ci --scopes write | jq -r .token
  npm run api-key -- list
  npm run api-key -- revoke <id>`,
  );

program
  .command('create')
  .description('Makes a key and shows it, this once: only its hash is kept.')
  .requiredOption('--name <name>', 'what it is for')
  .option('--scopes <scopes>', `with commas between: ${SCOPES.join(', ')}`, parseScopes, [...SCOPES])
  .option('--dry-run', 'only say what it would make')
  .action(({ name, scopes, dryRun }: { name: string; scopes: Scope[]; dryRun?: true }) =>
    withKeys(async (keys) => {
      if (dryRun) return print({ dryRun, name, scopes }, [`Would make the key "${name}" (${scopes.join(' + ')}).`]);
      const { key, token } = await keys.create(name, scopes);
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
    withKeys(async (keys) => {
      const all = await keys.list();
      const lines = all.map((key) => {
        const state = key.revokedAt ? `revoked ${key.revokedAt.toISOString()}` : 'active';
        const used = key.lastUsedAt ? `last used ${key.lastUsedAt.toISOString()}` : 'never used';
        return `${key.id}  ${key.name}  ${key.scopes.join('+')}  ${state}  ${used}`;
      });
      print({ keys: all.map(shown) }, lines.length > 0 ? lines : ['There are no keys yet.']);
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

function withKeys(use: (keys: ApiKeys) => Promise<void>): Promise<void> {
  const { mongodbUri } = program.opts<{ mongodbUri?: string }>();
  return withDatabase({ what: 'It could not be done', json: isJson() }, mongodbUri, ({ db }) =>
    use(new ApiKeys(db, systemClock)),
  );
}

function isJson(): boolean {
  return program.opts<{ json?: boolean }>().json === true;
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
