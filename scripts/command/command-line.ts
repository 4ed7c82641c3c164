import { Command, type HelpContext, type ParseOptionsResult } from 'commander';
import { toJson } from '../../src/lib/json.js';
import { asStarted, startedAs } from './started-as.js';

/** Once in a process, however many command lines it reads. */
const ENDS_WITH_ITS_READER = Symbol.for('mooring.ends-with-its-reader');

/** The exit code of every command that could not be done, or was asked wrongly. */
export const EXIT_FAILED = 2;

/**
 * The command line of `npm run <script>` and `mooring <script>`. A mistake in it ends the process with 2 after one line
 * that says what is wrong and one that says where help is; with `--json` among the arguments `{"error": …}` is the last
 * line of stdout as well. --help ends it with 0. Subcommands behave the same.
 */
export function commandLine(script: string): Command {
  endWithItsReader();
  return answerMistakes(new ScriptCommand(startedAs(script)));
}

/** Makes a command end the process as every command line does: see `commandLine`. */
export function answerMistakes(command: Command): Command {
  return command
    .showHelpAfterError(`See: ${command.name()} --help`)
    .configureOutput({
      writeOut: (text) => process.stdout.write(asStarted(text)),
      writeErr: (text) => process.stderr.write(asStarted(text)),
      outputError: (text, write) => write(onOneLine(text)),
    })
    .exitOverride(({ exitCode, message }) => {
      if (exitCode === 0) process.exit(0);
      const error = asStarted(onOneLine(message).replace(/^error: /, ''));
      if (process.argv.includes('--json')) console.log(toJson({ error }));
      process.exit(EXIT_FAILED);
    });
}

/** `… | head` closes the pipe once it has enough: nobody reads the rest, and that is no failure of the command. */
function endWithItsReader(): void {
  const stdout = process.stdout as typeof process.stdout & { [ENDS_WITH_ITS_READER]?: true };
  if (stdout[ENDS_WITH_ITS_READER]) return;
  stdout[ENDS_WITH_ITS_READER] = true;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

/** Commander gives a suggestion a line of its own. */
function onOneLine(text: string): string {
  return text.replace('\n(Did you mean', ' (did you mean');
}

/** Where there are subcommands, one that is missing or unknown is answered with those there are. */
class ScriptCommand extends Command {
  override parseOptions(argv: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(argv);
    const [asked] = parsed.operands;
    const names = this.commands.map((command) => command.name());
    if (asked !== undefined && names.length > 0 && ![...names, 'help'].includes(asked)) {
      this.error(`error: unknown command '${asked}'; there are: ${names.join(', ')}`);
    }
    return parsed;
  }

  // Commander shows the whole help on stderr, as an error, only where a subcommand is missing.
  override help(context?: HelpContext | ((text: string) => string)): never {
    if (typeof context === 'function') return super.help(context);
    if (!context?.error) return super.help(context);
    const names = this.commands.map((command) => command.name());
    return this.error(`error: a command is missing; there are: ${names.join(', ')}`);
  }
}
