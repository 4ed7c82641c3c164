#!/usr/bin/env node
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { answerMistakes, commandLine } from './command/command-line.js';
import { COMMANDS, type MooringCommand } from './mooring/commands.js';

const [asked, ...rest] = process.argv.slice(2);
const isHelp = asked === 'help' && rest.length > 0;
const name = isHelp ? rest[0] : asked;
const command = COMMANDS.find((one) => one.name === name);

if (command) await run(command, isHelp ? ['--help'] : rest);
else await answerItself(isHelp ? [name ?? ''] : process.argv.slice(2));

/** The command reads the process's arguments as if it had been started by itself. */
async function run(chosen: MooringCommand, args: readonly string[]): Promise<void> {
  process.argv.splice(2, process.argv.length, ...args);
  if (chosen.isProcess) {
    commandLine(chosen.name)
      .description(`Runs until it is stopped: ${chosen.summary}.`)
      .addHelpText(
        'after',
        `
Everything is set in the environment, also from .env in the working directory.

Exit code: 0 after SIGTERM or Ctrl-C, 1 when it cannot start, and says why, 2 when it was asked wrongly.

Examples:
  npm run ${chosen.name}
  LOG_LEVEL=warn npm run ${chosen.name}`,
      )
      .parse();
  }
  await chosen.run();
}

/** What names no command there is: --help, --version and mistakes. */
async function answerItself(args: string[]): Promise<void> {
  const mooring = answerMistakes(new Command('mooring'))
    .usage('<command> [options]')
    .description(packageJson.description)
    .version(packageJson.version)
    .addHelpText(
      'after',
      `
Everything is set in the environment, also from .env in the working directory: SOLANA_RPC_URL, MONGODB_URI, and
MOORING_DOMAINS for domains of your own. \`mooring <command> --help\` says what a command takes and what its exit code
means; 2 always means that it could not be done, or was asked wrongly.`,
    );
  for (const { name, summary } of COMMANDS) mooring.command(name).description(summary);
  if (args.length === 0) mooring.error('error: a command is missing');
  await mooring.parseAsync(args, { from: 'user' });
}
