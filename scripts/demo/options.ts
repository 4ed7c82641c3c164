import { Option } from 'commander';
import { commandLine, EXIT_FAILED } from '../command/command-line.js';
import { EXIT_INTERRUPTED } from '../command/interrupt.js';
import { wholeNumber } from '../command/whole-number.js';

/** What a person asked of the demo. */
export interface DemoOptions {
  /** At least this many events are made. */
  readonly events: number;
  readonly exit: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly keep: boolean;
  /** Which chain to start when SOLANA_RPC_URL names none. */
  readonly chain: 'surfnet' | 'validator';
}

/**
 * 0: the audit is clean and nothing is dead. 1: it is not. 2: it could not be played, or was asked wrongly. 130: it was
 * interrupted before the verdict that --exit asks for.
 */
export const EXIT = { clean: 0, unclean: 1, failed: EXIT_FAILED, interrupted: EXIT_INTERRUPTED } as const;

const FEWEST = 20;
const MOST = 100_000;
/** Every kind of event many times over, and over in a minute on a slow machine. */
const DEFAULT_EVENTS = 340;

/** Reads the command line. Ends the process on --help (0) and on anything it does not know (2). */
export function readDemoOptions(argv: readonly string[]): DemoOptions {
  const command = commandLine('demo')
    .description(
      'Starts a chain and a database, deploys the programs, plays real traffic from wallets and through the API, ' +
        'loses a socket on the way, follows every event to finality and audits the result. Stays up until Ctrl-C.',
    )
    .option('--exit', 'end after the audit', false)
    .option('--json', 'print one JSON object as the last line', false)
    .option(
      '--events <n>',
      `make at least this many events, ${FEWEST} to ${MOST}`,
      wholeNumber(FEWEST, MOST),
      DEFAULT_EVENTS,
    )
    .addOption(
      new Option('--chain <kind>', 'which chain to start when SOLANA_RPC_URL is not set')
        .choices(['surfnet', 'validator'])
        .default('surfnet'),
    )
    .option('--keep', "leave the demo's database in MONGODB_URI when it ends", false)
    .option('--verbose', 'show the log of the product on stderr', false)
    .addHelpText(
      'after',
      `
Environment (.env is not read: a demo has no business where it points to):
  SOLANA_RPC_URL, SOLANA_WS_URL  a running local validator instead of a chain of its own; programs are deployed to it
  MONGODB_URI                    a replica set instead of the embedded database; takes a database of its own in it
  MONGODB_DATABASE               the name of that database (default: a new one for each run)
  HOST, PORT                     where the API listens (default 127.0.0.1:3000, or any port when that is taken)
  NO_COLOR                       no colours

Exit code: 0 when the audit is clean and nothing is dead, 1 when not, 2 when the demo could not be played,
or was asked for wrongly, 130 when it was interrupted before the end that --exit asks for.

Examples:
  npm run demo
  npm run demo -- --exit --json | tail -1 | jq .audit
  npm run demo -- --chain validator   (solana-test-validator from PATH)
  npm run demo -- --events 5000`,
    );
  return command.parse(argv, { from: 'user' }).opts<DemoOptions>();
}
