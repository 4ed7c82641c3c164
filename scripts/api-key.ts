import { Command, InvalidArgumentError } from 'commander';
import { ApiKeys, SCOPES, type ApiKey, type Scope } from '../src/api/api-keys.js';
import { loadDotEnv, readConfig } from '../src/config/env.js';
import { systemClock } from '../src/lib/clock.js';
import { messageOf, MooringError } from '../src/lib/errors.js';
import { connectMongo } from '../src/store/mongo-connection.js';

/**
 * Makes, lists and revokes API keys. Exit codes: 0 done, 1 it failed, 2 wrong arguments, 3 there is no such key.
 * With `--json` the last line of output is one JSON object.
 */
const EXIT = { failed: 1, usage: 2, unknownKey: 3 } as const;

const program = new Command('api-key')
  .description('Makes, lists and revokes API keys. Writes need one; reads too with API_KEYS_FOR_READS=true.')
  .option('--json', 'print one JSON object as the last line')
  .option('--mongodb-uri <uri>', 'the database (default: MONGODB_URI, also from .env)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT.usage));

program
  .command('create')
  .description('Makes a key and shows it, this once: only its hash is kept.')
  .requiredOption('--name <name>', 'what it is for')
  .option('--scopes <scopes>', `with commas between: ${SCOPES.join(', ')}`, parseScopes, [...SCOPES])
  .action(({ name, scopes }: { name: string; scopes: Scope[] }) =>
    withKeys(async (keys) => {
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
  .action((id: string) =>
    withKeys(async (keys) => {
      const outcome = await keys.revoke(id);
      if (outcome === 'unknown') process.exitCode = EXIT.unknownKey;
      print({ id, outcome }, [outcome === 'unknown' ? `There is no key ${id}.` : `The key ${id} is revoked.`]);
    }),
  );

await program.parseAsync();

async function withKeys(use: (keys: ApiKeys) => Promise<void>): Promise<void> {
  try {
    loadDotEnv();
    const config = readConfig();
    const uri = program.opts<{ mongodbUri?: string }>().mongodbUri ?? config.mongodbUri;
    if (uri === undefined) throw new MooringError('no-database', 'Set MONGODB_URI, or give --mongodb-uri.');
    const mongo = await connectMongo(uri, config.mongodbDatabase);
    try {
      await use(new ApiKeys(mongo.db, systemClock));
    } finally {
      await mongo.close();
    }
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = EXIT.failed;
  }
}

function print(json: object, lines: readonly string[]): void {
  const asJson = program.opts<{ json?: boolean }>().json === true;
  console.log(asJson ? JSON.stringify(json) : lines.join('\n'));
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
