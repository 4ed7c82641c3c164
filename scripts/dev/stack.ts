import { parseArgs } from 'node:util';
import { loadDotEnv, readConfig } from '../../src/config/env.js';
import { messageOf, MooringError } from '../../src/lib/errors.js';
import { EXIT_FAILED } from '../command/command-line.js';
import { auditCommand } from '../demo/audit-command.js';
import { startDevStack } from '../demo/dev-stack.js';
import { withDevDefaults } from './with-dev-defaults.js';

const CLEAN_UP_PATIENCE_MS = 15_000;
/** A chain or a database that somebody else runs. */
const EXTERNAL = 'external';

/** What `npm run dev` watches: `scripts/dev.ts` has looked at the arguments, and has laid the ground. */
const { values: ground } = parseArgs({
  options: {
    'data-dir': { type: 'string', default: '' },
    chain: { type: 'string', default: '' },
    database: { type: 'string', default: '' },
    audit: { type: 'string', default: '' },
  },
});

const undo: (() => Promise<void>)[] = [];
const stop = new AbortController();
const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

try {
  await Promise.race([start(), stopped]);
  await stopped;
  process.exitCode = 0;
} catch (error) {
  const advice = error instanceof MooringError ? error.message : ((error as Error).stack ?? messageOf(error));
  console.error(`The development stack does not start: ${advice}`);
  process.exitCode = EXIT_FAILED;
}
setTimeout(() => process.exit(), CLEAN_UP_PATIENCE_MS).unref();
for (const step of undo.reverse()) {
  await step().catch((error: unknown) => console.error(`While ending: ${messageOf(error)}`));
}
process.exit();

async function start(): Promise<void> {
  loadDotEnv();
  const environment = withDevDefaults(process.env);
  const config = readConfig(environment);
  const { chain, stack, wallets, apiKey, devVault } = await startDevStack({
    ...{ config, environment, dataDir: ground['data-dir'], deploys: ground.chain === EXTERNAL },
    cleanUp: (step) => undo.push(step),
  });
  // Somebody's own URI may hold a password.
  const databaseUri = ground.database === EXTERNAL ? null : (config.mongodbUri ?? null);
  const { url } = stack.api;
  const { alertWebhookUrl, alertSlackUrl, alertEmailTo } = config;
  const hasChannel = [alertWebhookUrl, alertSlackUrl, alertEmailTo].some((channel) => channel != null);
  const rows: [string, string][] = [
    ['API', `${url}/api/status`],
    ['reference', `${url}/docs`],
    ['metrics', `${url}/metrics`],
    ['health', `${url}/health/ready`],
    ['chain', `${chain.rpcUrls.join(', ')} (${ground.chain})`],
    ['WebSocket', chain.wsUrls.join(', ')],
    ['database', `${databaseUri ?? 'the one of MONGODB_URI'}, in it ${stack.config.mongodbDatabase}`],
    ['API key', apiKey],
    ...wallets.map(({ name, address, path }): [string, string] => [name, `${address}  ${path}`]),
    ...(devVault
      ? [
          ['vault', `STAKE_VAULT_ADDRESS=${devVault.vault}, used here; docs/developers.md`] as [string, string],
          ['its mint', `${devVault.mint}: 1000 tokens for each of the wallets that sign`] as [string, string],
        ]
      : []),
    ...(hasChannel
      ? [['alerts', 'to this log alone: ALERT_* channels are used by npm run worker and npm start'] as [string, string]]
      : []),
    ['settings', 'a change of .env counts after the next start'],
    ['audit', auditCommand({ ...chain, databaseUri, databaseName: stack.config.mongodbDatabase }, ground.audit)],
  ];
  console.log('');
  for (const [what, where] of rows) console.log(`  ${what.padEnd(10)} ${where}`);
  console.log('');
}
