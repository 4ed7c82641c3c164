import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { peekAtDotEnv, readConfig } from '../src/config/env.js';
import { nodeArguments } from '../src/dev/node-arguments.js';
import { messageOf } from '../src/lib/errors.js';
import { commandLine, EXIT_FAILED } from './command/command-line.js';
import { reportFailure } from './command/report-failure.js';
import { startLine } from './command/started-as.js';
import { layGround } from './dev/ground.js';

/** An end that takes longer than this is forced, in milliseconds. */
const CLEAN_UP_PATIENCE_MS = 15_000;
const DATA_DIR = join('.data', 'dev');

// What is watched ends and begins; what it stands on stays, ports and all.
const { chain: kind } = commandLine('dev')
  .description(
    'The whole stack for development: chain, database, event worker and API. No traffic. Worker and API start anew ' +
      'whenever a file of theirs changes; chain, database and ports stay.',
  )
  .addOption(
    new Option('--chain <kind>', 'which chain to start when SOLANA_RPC_URL is not set')
      .choices(['surfnet', 'validator'])
      .default('surfnet'),
  )
  .addHelpText(
    'after',
    `
Everything of .env.example counts, also from .env. DATA_DIR (default .data/dev) keeps the wallets and the API key, and
with a validator the ledger and the database too; an embedded Surfnet forgets, and its database with it.

Exit code: 0 after Ctrl-C, 2 for wrong arguments, or when chain or database cannot be started. Where worker or API do
not start, they say why, and are tried again when a file changes.

Examples:
  npm run dev
  npm run dev -- --chain validator   (solana-test-validator from PATH)`,
  )
  .parse()
  .opts<{ chain: 'surfnet' | 'validator' }>();

const undo: (() => Promise<void>)[] = [];
let watcher: ChildProcess | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Before there is anything to watch, there is nothing to drain.
  process.on(signal, () => (watcher ? watcher.kill(signal) : void end(0)));
}
await reportFailure({ what: 'The development stack does not start', json: false }, start);
if (!watcher) await end(EXIT_FAILED);

async function start(): Promise<void> {
  const environment = { ...peekAtDotEnv(), ...process.env };
  const config = readConfig(environment);
  const dataDir = resolve(config.dataDir ?? DATA_DIR);
  const log = (line: string) => console.log(line);
  const ground = await layGround({ config, environment, dataDir, kind, log, cleanUp: (step) => undo.push(step) });
  const stack = nodeArguments('dev/stack', import.meta.url);
  const told = [
    '--data-dir',
    dataDir,
    '--chain',
    ground.chain,
    '--database',
    ground.database,
    '--audit',
    startLine('audit'),
  ];
  watcher = spawn(process.execPath, ['--watch', '--watch-preserve-output', ...stack, ...told], {
    stdio: 'inherit',
    env: { ...process.env, ...ground.environment },
  });
  watcher.once('exit', (code) => void end(code ?? EXIT_FAILED));
}

/** Only now: the stack is drained before the ground goes. */
async function end(code: number): Promise<void> {
  setTimeout(() => process.exit(code), CLEAN_UP_PATIENCE_MS).unref();
  for (const step of undo.splice(0).reverse()) {
    await step().catch((error: unknown) => console.error(`While ending: ${messageOf(error)}`));
  }
  if (code === 0) console.log('Stopped.');
  process.exit(code);
}
