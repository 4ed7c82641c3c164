import { parseStreamStart, type StreamStart } from '../ledger/stream-cursor.js';
import { refuse } from './list-query.js';
import { Problem, type FieldError } from './problem.js';

/** What a request for a stream asks for. */
export interface StreamRequest {
  readonly program: string;
  /** Event names; null: all. */
  readonly names: readonly string[] | null;
  readonly from: StreamStart;
}

/** An installed program with the names of its events. */
export interface StreamedProgram {
  readonly name: string;
  readonly events: readonly string[];
}

/** Parameters of a stream. */
export const STREAM_PARAMETERS = ['program', 'from', 'name'] as const;

/**
 * Reads a request for a stream. `lastEventId`, which a browser sends when it connects again with the URL it began with, goes
 * before `from`.
 * @throws Problem `invalid-request`, `invalid-cursor`
 */
export function readStreamRequest(
  query: Readonly<Record<string, unknown>>,
  lastEventId: string | undefined,
  programs: readonly StreamedProgram[],
): StreamRequest {
  const errors: FieldError[] = [];
  const given: Partial<Record<(typeof STREAM_PARAMETERS)[number], string>> = {};
  for (const [field, value] of Object.entries(query)) {
    const known = STREAM_PARAMETERS.find((name) => name === field);
    if (known === undefined) {
      errors.push({ field, message: `is not a parameter of a stream; they are ${STREAM_PARAMETERS.join(', ')}` });
    } else if (typeof value !== 'string' || value === '') errors.push({ field, message: 'must be given once' });
    else given[known] = value;
  }
  const program = programOf(given.program, programs, errors);
  const names = given.name === undefined ? null : [...new Set(given.name.split(','))];
  const unknown = names?.filter((name) => program?.events.includes(name) === false) ?? [];
  if (unknown.length > 0) {
    errors.push({
      field: 'name',
      message: `must be names of events, separated by commas: ${program?.events.join(', ')}`,
    });
  }
  refuse(errors);
  if (!program) throw new Error('a missing program is refused above');
  return { program: program.name, names, from: startOf(lastEventId, given.from) };
}

/** What is wrong with a cursor. */
export function invalidStart(): Problem {
  const message =
    'must be `now`, `start`, a slot, or a cursor: the `id` of an item of a stream of the same program; so must Last-Event-ID, which goes before it';
  return new Problem('invalid-cursor', undefined, { errors: [{ field: 'from', message }] });
}

function programOf(
  name: string | undefined,
  programs: readonly StreamedProgram[],
  errors: FieldError[],
): StreamedProgram | undefined {
  const [only] = programs;
  const program = name === undefined && programs.length === 1 ? only : programs.find((one) => one.name === name);
  if (!program) {
    errors.push({ field: 'program', message: `must be one of ${programs.map((one) => one.name).join(', ')}` });
  }
  return program;
}

function startOf(lastEventId: string | undefined, from: string | undefined): StreamStart {
  if (lastEventId !== undefined && lastEventId !== '') return { cursor: lastEventId };
  const start = parseStreamStart(from ?? 'now');
  if (start === null) throw invalidStart();
  return start;
}
