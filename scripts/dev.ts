import { spawn } from 'node:child_process';
import { Option } from 'commander';
import { nodeArguments } from '../src/dev/node-arguments.js';
import { commandLine, EXIT_FAILED } from './command/command-line.js';

// The watcher outlives what it watches: --help and mistakes are answered before it starts.
const { chain } = commandLine('dev')
  .description(
    'The whole stack for development: chain, database, event worker and API, in one process. No traffic. Starts anew ' +
      'whenever a file of it changes.',
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

Exit code: 0 after Ctrl-C, 2 for wrong arguments. A stack that does not start says why, and is tried again when a file
changes.`,
  )
  .parse()
  .opts<{ chain: 'surfnet' | 'validator' }>();

const stack = nodeArguments('dev/stack', import.meta.url);
const watcher = spawn(process.execPath, ['--watch', '--watch-preserve-output', ...stack, '--chain', chain], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => watcher.kill(signal));
watcher.once('exit', (code) => (process.exitCode = code ?? EXIT_FAILED));
