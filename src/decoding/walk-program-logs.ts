import { logEventPlace } from './event-place.js';

/** A `Program data:` line of the program. */
export interface LoggedEvent {
  readonly place: number;
  /** Counts the `Program data:` lines of the whole transaction from 0: no two programs have the same one. */
  readonly ordinal: number;
  /** What follows `Program data: `: base64, several fields separated by spaces if the program logged several. */
  readonly payload: string;
}

/** What the logs of a transaction say about one program. */
export interface WalkedLogs {
  readonly events: readonly LoggedEvent[];
  /** A `Log truncated` line was met; nothing after it was read. */
  readonly truncated: boolean;
  /** The program was invoked directly by itself, as `emit_cpi!` does: only the transaction shows what it was given. */
  readonly selfInvoked: boolean;
  /** An invocation failed, and with it the transaction: a failed cross-program invocation cannot be caught. */
  readonly failed: boolean;
}

const PREFIX = 'Program ';
const ID_START = PREFIX.length;
const DATA = 'data: ';
const PAYLOAD_START = ID_START + DATA.length;
/** Written once by agave's LogCollector; shorter lines may follow it, so what comes after has holes (TRAPS 2). */
const TRUNCATION_MARKER = 'Log truncated';

const INVOKE = 'invoke [';
const NO_DEPTH = 0;

/**
 * Finds the events a program logged: `Program data:` lines in a frame of its own (I11). One pass, for any strings.
 *
 * The runtime writes `Program <id> invoke [<depth>]`, `Program <id> success` and `Program <id> failed: …`; the depth
 * decides which frame we are in, so that a line we do not know cannot shift the rest. What a program prints with `msg!`
 * always carries `Program log: ` and stays one element however many line breaks it holds: every form is therefore
 * matched on a whole element, and a forged line inside a message is never one.
 */
export function walkProgramLogs(programId: string, logs: readonly string[]): WalkedLogs {
  const events: LoggedEvent[] = [];
  const frames: string[] = [];
  let depth = 0;
  let inProgram = false;
  let invocations = 0;
  let dataLines = 0;
  let allDataLines = 0;
  let truncated = false;
  let selfInvoked = false;
  let failed = false;

  for (const line of logs) {
    if (!line.startsWith(PREFIX)) {
      if (line !== TRUNCATION_MARKER) continue;
      truncated = true;
      break;
    }
    if (line.startsWith('log: ', ID_START)) continue;
    if (line.startsWith(DATA, ID_START)) {
      if (inProgram) {
        const place = logEventPlace(invocations, dataLines);
        events.push({ place, ordinal: allDataLines, payload: line.slice(PAYLOAD_START) });
      }
      dataLines++;
      allDataLines++;
      continue;
    }

    const idEnd = line.indexOf(' ', ID_START);
    if (idEnd === -1) continue;
    const invoked = invokedDepth(line, idEnd + 1);
    if (invoked !== NO_DEPTH) {
      const id = line.slice(ID_START, idEnd);
      const calledByProgram = invoked - 1 <= depth && frames[invoked - 2] === programId;
      // Frames we saw no invoke line of belong to nobody.
      for (; depth < invoked - 1; depth++) frames[depth] = '';
      frames[invoked - 1] = id;
      depth = invoked;
      invocations++;
      dataLines = 0;
      if (calledByProgram && id === programId) selfInvoked = true;
    } else {
      const failure = line.startsWith('failed: ', idEnd + 1);
      if (!failure && !(line.length === idEnd + 8 && line.endsWith('success'))) continue;
      const ended = depth === 0 ? -1 : frames.lastIndexOf(line.slice(ID_START, idEnd), depth - 1);
      if (ended === -1) continue;
      if (failure) failed = true;
      depth = ended;
    }
    inProgram = depth > 0 && frames[depth - 1] === programId;
  }
  return { events, truncated, selfInvoked, failed };
}

/** The depth in `invoke [<depth>]` at `start` to the end of the line, or 0. The runtime allows 5, later 9: two digits. */
function invokedDepth(line: string, start: number): number {
  const digits = line.length - 1 - (start + INVOKE.length);
  if (digits < 1 || digits > 2 || !line.startsWith(INVOKE, start) || !line.endsWith(']')) return NO_DEPTH;
  const first = digitAt(line, start + INVOKE.length);
  if (first < 1) return NO_DEPTH;
  if (digits === 1) return first;
  const second = digitAt(line, start + INVOKE.length + 1);
  return second < 0 ? NO_DEPTH : first * 10 + second;
}

function digitAt(line: string, index: number): number {
  const digit = line.charCodeAt(index) - 48;
  return digit >= 0 && digit <= 9 ? digit : -1;
}
