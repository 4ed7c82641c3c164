import { messageOf } from '../../src/lib/errors.js';
import { toJson } from '../../src/lib/json.js';
import { EXIT_FAILED } from './command-line.js';

/** How a command says that it could not be done. */
export interface FailureReport {
  /** Such as "The audit could not be made"; the reason follows it. */
  readonly what: string;
  /** With `{ error }` as the last line of stdout. */
  readonly json: boolean;
  /** More fields of that object. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Does a command's work. What it throws is said in one sentence on stderr, and makes the exit code 2. */
export async function reportFailure({ what, json, fields }: FailureReport, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.error(`${what}: ${messageOf(error)}`);
    if (json) console.log(toJson({ ...fields, error: messageOf(error) }));
    process.exitCode = EXIT_FAILED;
  }
}
