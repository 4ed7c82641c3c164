import { inspect } from 'node:util';
import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/errors.js';
import { toJson } from '../../lib/json.js';
import { MAX_TEXT_CHARACTERS, type JobLogLine } from './job-run.js';

/** Characters of the data of a line that are kept. */
const DATA_CHARACTERS = 8_000;
/** Lines of one attempt between two looks; of more the newest are kept, and one that says how many are not. */
const LINES_AT_ONCE = 200;

/** What an attempt writes until somebody keeps it. Nothing that is written can fail the attempt. */
export class JobLog {
  #lines: JobLogLine[] = [];
  #leftOut = 0;
  #taken: { readonly lines: readonly JobLogLine[]; readonly leftOut: number } = { lines: [], leftOut: 0 };

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly attempt: number,
  ) {}

  readonly write = (message: string, data?: unknown): void => {
    this.#lines.push(this.#line(message, data));
    this.#trim();
  };

  /** What was written since the last time. */
  take(): JobLogLine[] {
    const [lines, leftOut] = [this.#lines, this.#leftOut];
    this.#taken = { lines, leftOut };
    [this.#lines, this.#leftOut] = [[], 0];
    if (leftOut === 0) return lines;
    // The line that says so takes the place of one more.
    return [this.#line(`${leftOut + 1} older lines were left out`), ...lines.slice(1)];
  }

  /** What was taken last could not be kept: it comes with what is taken next. */
  giveBack(): void {
    const { lines, leftOut } = this.#taken;
    this.#taken = { lines: [], leftOut: 0 };
    this.#lines = [...lines, ...this.#lines];
    this.#leftOut += leftOut;
    this.#trim();
  }

  #trim(): void {
    const tooMany = this.#lines.length - LINES_AT_ONCE;
    if (tooMany <= 0) return;
    this.#lines.splice(0, tooMany);
    this.#leftOut += tooMany;
  }

  #line(message: unknown, data?: unknown): JobLogLine {
    return {
      at: new Date(this.clock.now()),
      attempt: this.attempt,
      message: messageOf(message).slice(0, MAX_TEXT_CHARACTERS),
      data: data === undefined ? null : asJson(data).slice(0, DATA_CHARACTERS),
    };
  }
}

/** JSON of anything: of what JSON has no form for (a circle, a function, a proxy), of its description. */
function asJson(data: unknown): string {
  try {
    // Undefined for a function, whatever its type says.
    const json: string | undefined = toJson(data);
    return json ?? toJson(inspect(data));
  } catch {
    return toJson(described(data));
  }
}

function described(data: unknown): string {
  try {
    return inspect(data);
  } catch {
    return messageOf(data);
  }
}
