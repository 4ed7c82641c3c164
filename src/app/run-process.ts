import { loadDotEnv, readConfig, type Config } from '../config/env.js';
import { messageOf, MooringError } from '../lib/errors.js';
import { createLogger, type Logger } from '../telemetry/logger.js';

/**
 * A process that does not end within this time after the first signal is ended by force, in milliseconds. Whoever sends
 * the signal (ecosystem.config.js, docs/examples) has to wait longer before it kills.
 */
export const SHUTDOWN_PATIENCE_MS = 20_000;

/** Something that runs until it is stopped. */
export interface Running {
  stop(): Promise<unknown>;
}

/**
 * Starts a process of mooring and ends it gracefully on SIGTERM and SIGINT: what is under way is finished, leases are
 * given up, then it exits with 0. A failed start exits with 1 and one line that says what to do; arguments, of which it
 * takes none, with 2.
 */
export async function runProcess(start: (config: Config, log: Logger) => Promise<Running>): Promise<void> {
  const [argument] = process.argv.slice(2);
  if (argument !== undefined) return answerArgument(argument);
  loadDotEnv();
  // PM2's cluster mode listens too, and what somebody listens to no longer ends a process: it would go on half dead.
  process.on('unhandledRejection', (reason) => {
    throw reason;
  });
  try {
    const config = readConfig();
    const logger = createLogger(config);
    const running = await start(config, logger);
    let stopping = false;
    const stop = (signal: string) => {
      if (stopping) return;
      stopping = true;
      logger.info({ signal }, 'stopping: finishing what is under way');
      setTimeout(() => process.exit(1), SHUTDOWN_PATIENCE_MS).unref();
      running.stop().then(
        () => {
          logger.info('stopped');
          exitWhenWritten(0);
        },
        (error: unknown) => {
          logger.error({ error: messageOf(error) }, 'could not stop cleanly');
          exitWhenWritten(1);
        },
      );
    };
    process.on('SIGTERM', () => stop('SIGTERM'));
    process.on('SIGINT', () => stop('SIGINT'));
    // PM2 waits for this before it counts the process as up.
    process.send?.('ready');
  } catch (error) {
    const advice = error instanceof MooringError ? error.message : ((error as Error).stack ?? messageOf(error));
    process.stderr.write(`mooring cannot start: ${advice}\n`);
    exitWhenWritten(1);
  }
}

/** Nobody who asks for help wants it to run. */
function answerArgument(argument: string): void {
  const isHelp = argument === '--help' || argument === '-h';
  const text =
    'It runs until SIGTERM or Ctrl-C, and takes no arguments: everything is set in the environment, also from .env in the ' +
    'working directory (.env.example lists the settings).\nExit code: 0 when it was stopped, 1 when it cannot start, and says ' +
    'why, 2 when it was asked wrongly.\n';
  if (isHelp) process.stdout.write(text);
  else process.stderr.write(`error: unknown argument ${JSON.stringify(argument)}. ${text}`);
  exitWhenWritten(isHelp ? 0 : 2);
}

/**
 * Ends the process when everything it wrote is where it belongs: PM2's cluster mode puts files, which are written later,
 * in the place of stdout and stderr, and the last line, which says why, would never get there.
 */
function exitWhenWritten(code: number): void {
  process.stdout.write('', 'utf8', () => process.stderr.write('', 'utf8', () => process.exit(code)));
}
