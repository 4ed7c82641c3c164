import type { Command } from 'commander';
import { toJson } from '../../src/lib/json.js';

/** What a command prints. */
export interface CommandOutput {
  /** Whether `--json` was given; known once the command line is parsed. */
  isJson(this: void): boolean;
  /** Lines for people; with `--json` the result as one object after them, on a line of its own. */
  print(this: void, result: object, lines: readonly string[]): void;
}

/** The output of a command line with a `--json` of its own. */
export function commandOutput(program: Command): CommandOutput {
  const isJson = () => program.opts<{ json?: boolean }>().json === true;
  return {
    isJson,
    print: (result, lines) => {
      for (const line of lines) console.log(line);
      if (isJson()) console.log(toJson(result));
    },
  };
}
