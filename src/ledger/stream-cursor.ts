import { MooringError } from '../lib/errors.js';
import type { StableHead } from './stable-slot.js';
import type { PlaceInSlot, StreamPlace } from './stream-place.js';

/** Where somebody stands in the stream of a program. */
export interface StreamPosition {
  readonly program: string;
  /** Nothing of earlier slots is wanted. */
  readonly since: number;
  /** How far the chain's order was followed. */
  readonly read: StreamPlace;
  /** How many lists of late events were read. */
  readonly late: number;
  /** How many events of the next list were read. */
  readonly lateSkip: number;
}

/** Where a stream begins: at what becomes stable from now on, at the beginning, at a slot, or after a cursor. */
export type StreamStart = 'now' | 'start' | number | { readonly cursor: string };

const MAX_LENGTH = 1_000;

/** A position as consumers keep it: opaque, and good for every process. */
export function encodeStreamCursor({ program, since, read, late, lateSkip }: StreamPosition): string {
  return Buffer.from(JSON.stringify([program, since, late, lateSkip, read.slot, read.within])).toString('base64url');
}

/** The position in a cursor; null for what is none, or one of another program. */
export function decodeStreamCursor(program: string, cursor: string): StreamPosition | null {
  if (cursor.length > MAX_LENGTH) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
  if (!Array.isArray(parsed) || parsed.length !== 6) return null;
  const [of, since, late, lateSkip, slot, within] = parsed as unknown[];
  const isWhole = of === program && [since, late, lateSkip].every(isCount) && Number.isSafeInteger(slot);
  if (!isWhole || !(within === null || isPlace(within))) return null;
  return {
    ...{ program, since: since as number, late: late as number, lateSkip: lateSkip as number },
    read: { slot: slot as number, within },
  };
}

/** How a start is written in a URL: `now`, `start`, a slot, or a cursor. Null for what is none of them. */
export function parseStreamStart(text: string): StreamStart | null {
  if (text === 'now' || text === 'start') return text;
  if (!/^\d+$/.test(text)) return text === '' ? null : { cursor: text };
  const slot = Number(text);
  return Number.isSafeInteger(slot) ? slot : null;
}

/**
 * The position that a start means, while the stream goes to `head` (null: nothing is stable yet). What is late up to now
 * is read in its own place.
 * @throws MooringError `stream-cursor-invalid` for what is no cursor of this program, `stream-cursor-expired` for one that
 * this database never gave.
 */
export function positionOf(program: string, start: StreamStart, head: StableHead | null): StreamPosition {
  const late = head?.late ?? 0;
  if (typeof start === 'object') {
    const position = decodeStreamCursor(program, start.cursor);
    if (position === null) {
      throw new MooringError('stream-cursor-invalid', `This is no cursor of a stream of ${program}.`);
    }
    const { since, read } = position;
    // A start at a slot that is not stable yet may wait for it; nobody was ever told more than is stable.
    const isAhead = read.slot >= since && read.slot > (head?.slot ?? -1);
    if (position.late > late || isAhead) throw streamCursorExpired();
    return position;
  }
  if (start === 'now') return { program, since: 0, read: { slot: head?.slot ?? -1, within: null }, late, lateSkip: 0 };
  const since = start === 'start' ? 0 : start;
  return { program, since, read: { slot: since - 1, within: null }, late, lateSkip: 0 };
}

/** What the cursor goes on from is not to be had. */
export function streamCursorExpired(): MooringError {
  return new MooringError(
    'stream-cursor-expired',
    'What became final late since this cursor is not kept any more (30 days), or the cursor is of another database. ' +
      'Start anew, from `start` or from a slot: what comes again has the same ids.',
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPlace(value: unknown): value is PlaceInSlot {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [index, signature, place, id] = value as unknown[];
  const areNumbers = Number.isSafeInteger(index) && Number.isSafeInteger(place);
  return areNumbers && typeof signature === 'string' && typeof id === 'string';
}
