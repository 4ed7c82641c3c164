import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import type { LedgerRecord } from './ledger-record.js';
import { readFinalById, readStablePage, type StableFilter } from './read-stable.js';
import { readLate, readStableHead, type StableHead } from './stable-slot.js';
import {
  encodeStreamCursor,
  positionOf,
  streamCursorExpired,
  type StreamPosition,
  type StreamStart,
} from './stream-cursor.js';
import { isPassed, placeOf, type StreamPlace } from './stream-place.js';

/** Events read in one go: all that a consumer costs in memory, however slow it is. */
const PAGE_EVENTS = 100;
/** How often it is looked whether more is stable, in milliseconds: one read of one small document. */
const POLL_MS = 250;
/** Of the moves of the stable slot, at most one in so many milliseconds is told. */
const SLOT_EVERY_MS = 1_000;

/** An event that is final. */
export interface StableEvent {
  readonly kind: 'event';
  /** The same wherever and however often the event is told. */
  readonly id: string;
  readonly program: string;
  readonly name: string;
  readonly signature: string;
  readonly slot: number;
  /** Decoded by the IDL, its wide integers as bigint. */
  readonly data: unknown;
  /** Counts the versions of this event that the ledger held: a higher one replaces what was told before. */
  readonly generation: number;
  /** It became final after its slot had been stable: what is told around it is of other slots. */
  readonly late: boolean;
  /** Null where nobody could tell. */
  readonly blockhash: string | null;
  readonly blockTime: Date | null;
  /** To go on from after this item. */
  readonly cursor: string;
}

/** Everything up to this slot has been told, as far as it is known by now. */
export interface StableSlot {
  readonly kind: 'slot';
  readonly program: string;
  readonly slot: number;
  readonly cursor: string;
}

/** What a stable stream tells. */
export type StableItem = StableEvent | StableSlot;

/** What a stream is read with. */
export interface StableStreamDeps {
  readonly db: mongo.Db;
  readonly clock: Clock;
  /** Events read in one go; unset: a hundred. */
  readonly pageEvents?: number;
}

/** Which stream. */
export interface StableStreamRequest {
  readonly program: string;
  /** Event names; null: all of them. */
  readonly names: readonly string[] | null;
  readonly from: StreamStart;
  /** Ends it, without an error. */
  readonly signal: AbortSignal;
  /** Hears how far the ledger was read in the chain's order, which may have nothing to tell. */
  readonly onRead?: (slot: number) => void;
}

/** What comes next in a stream. */
export interface StableStep {
  readonly isLate: boolean;
  readonly events: readonly { readonly record: LedgerRecord; readonly at: StreamPosition }[];
  /** Where the reader is once these were told. */
  readonly at: StreamPosition;
}

/**
 * The final events of a program in the chain's order, without holes, and the slots up to which they are complete. What
 * becomes final late comes as soon as it is, out of order. Reads the ledger page by page as it is asked: nothing else is
 * held for a consumer, and none waits for another.
 * @throws MooringError `stream-cursor-invalid`, `stream-cursor-expired`; what the database throws.
 */
export async function* followStable(
  { db, clock, pageEvents = PAGE_EVENTS }: StableStreamDeps,
  { program, names, from, signal, onRead }: StableStreamRequest,
): AsyncGenerator<StableItem, void, undefined> {
  let at = await resolveStart(db, program, from);
  onRead?.(at.read.slot);
  let toldSlot = -1;
  let toldAtMs = -Infinity;
  while (!signal.aborted) {
    const head = await readStableHead(db, program);
    const step = head && (await nextStep(db, { program, names }, at, head, pageEvents));
    if (step) {
      for (const { record, at: cursor } of step.events) {
        if (signal.aborted) return;
        yield eventOf(record, step.isLate, cursor);
      }
      at = step.at;
      onRead?.(at.read.slot);
      continue;
    }
    const isNews = head !== null && head.slot > toldSlot && head.slot === at.read.slot;
    if (isNews && clock.monotonic() - toldAtMs >= SLOT_EVERY_MS) {
      [toldSlot, toldAtMs] = [head.slot, clock.monotonic()];
      yield { kind: 'slot', program, slot: head.slot, cursor: encodeStreamCursor(at) };
      continue;
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/**
 * Where a stream that starts so begins.
 * @throws MooringError `stream-cursor-invalid`, `stream-cursor-expired`
 */
export async function resolveStart(db: mongo.Db, program: string, from: StreamStart): Promise<StreamPosition> {
  const head = await readStableHead(db, program);
  const at = positionOf(program, from, head);
  const isKept = at.late >= (head?.late ?? 0) || (await readLate(db, program, at.late + 1)) !== null;
  if (!isKept) throw streamCursorExpired();
  return at;
}

/** The next events after a position, about `limit` at most; null while the reader is where the stream goes to. */
export async function readStableStep(
  db: mongo.Db,
  filter: StableFilter,
  at: StreamPosition,
  limit: number,
): Promise<StableStep | null> {
  const head = await readStableHead(db, filter.program);
  return head && nextStep(db, filter, at, head, limit);
}

/** The next events, late ones first; null when the reader is where the stream goes to. */
async function nextStep(
  db: mongo.Db,
  filter: StableFilter,
  at: StreamPosition,
  head: StableHead,
  limit: number,
): Promise<StableStep | null> {
  if (at.late < head.late) return lateStep(db, filter, at, limit);
  return isBehind(at.read, head.slot) ? orderedStep(db, filter, at, head.slot, limit) : null;
}

function isBehind({ slot, within }: StreamPlace, stableSlot: number): boolean {
  return slot < stableSlot || (slot === stableSlot && within !== null);
}

async function orderedStep(
  db: mongo.Db,
  filter: StableFilter,
  at: StreamPosition,
  toSlot: number,
  limit: number,
): Promise<StableStep> {
  const { records, reached } = await readStablePage(db, filter, at.read, toSlot, limit);
  return {
    isLate: false,
    events: records.map((record) => ({ record, at: { ...at, read: placeOf(record) } })),
    at: { ...at, read: reached },
  };
}

async function lateStep(db: mongo.Db, filter: StableFilter, at: StreamPosition, limit: number): Promise<StableStep> {
  const ids = await readLate(db, filter.program, at.late + 1);
  if (ids === null) throw streamCursorExpired();
  const end = at.lateSkip + limit;
  const some = ids.slice(at.lateSkip, end);
  const records = await readFinalById(db, filter, some);
  // What is still to be read in the chain's order is not told twice.
  const due = records.filter((record) => record.slot >= at.since && isPassed(record, at.read));
  return {
    isLate: true,
    events: due.map((record) => ({ record, at: { ...at, lateSkip: at.lateSkip + some.indexOf(record._id) + 1 } })),
    at: end < ids.length ? { ...at, lateSkip: end } : { ...at, late: at.late + 1, lateSkip: 0 },
  };
}

function eventOf(record: LedgerRecord, late: boolean, at: StreamPosition): StableEvent {
  const { _id: id, program, name, signature, slot, data, generation, blockhash, blockTime } = record;
  return {
    ...{ kind: 'event', id, program, name, signature, slot, data, generation, late },
    ...{ blockhash, blockTime, cursor: encodeStreamCursor(at) },
  };
}
