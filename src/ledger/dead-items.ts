import type { mongo } from 'mongoose';
import { deadLetters, letterFrom, type DeadLetterReason, type KeptLetter } from './dead-letter.js';
import { ledgerEvents, recordFrom } from './ledger-collections.js';
import type { LedgerRecord } from './ledger-record.js';

/** letter: could not become a record. record: an event of the ledger whose handler failed for good. */
export const DEAD_KINDS = ['letter', 'record'] as const;
export type DeadKind = (typeof DEAD_KINDS)[number];

/** Why something is dead, of both kinds. */
export const DEAD_REASONS = [
  'unknown-discriminator',
  'short',
  'trailing',
  'invalid',
  'unavailable',
  'log-truncated',
  'handler-failed',
] as const satisfies readonly (DeadLetterReason | 'handler-failed')[];
export type DeadReason = (typeof DEAD_REASONS)[number];

/** Something that did not take effect and waits for an operator. */
export interface DeadItem {
  readonly id: string;
  readonly kind: DeadKind;
  readonly program: string;
  readonly signature: string;
  readonly slot: number;
  readonly reason: DeadReason;
  /** What exactly was wrong, at the last try. */
  readonly detail: string;
  readonly attempts: number;
  /** Event name or account type; null where it is not known. */
  readonly name: string | null;
  readonly data: unknown;
  readonly raw: Uint8Array | null;
  readonly seenAt: Date;
  readonly lastTriedAt: Date | null;
  readonly dismissedAt: Date | null;
  readonly dismissedBy: string | null;
  readonly resolvedAt: Date | null;
}

/** Which dead items are asked for. What is dismissed or resolved is left out, unless `closed` asks for it too. */
export interface DeadFilter {
  /** Programs whose ledger is looked at: an index of the ledger begins with them. */
  readonly programs: readonly string[];
  readonly reason?: DeadReason;
  readonly kind?: DeadKind;
  readonly closed: boolean;
}

/** Where a page ended. */
export type DeadPlace = readonly [slot: number, id: string, kind: DeadKind];

/** At most `limit` items after `after`, newest slot first. */
export async function listDeadItems(
  db: mongo.Db,
  filter: DeadFilter,
  limit: number,
  after: DeadPlace | null = null,
): Promise<DeadItem[]> {
  const order = { slot: -1, _id: -1 } as const;
  const [letters, records] = await Promise.all([
    wantsLetters(filter)
      ? deadLetters(db)
          .find({ $and: [letterWhere(filter), afterOf(after, '$lt')] })
          .sort(order)
          .limit(limit)
          .toArray()
      : [],
    wantsRecords(filter)
      ? ledgerEvents(db)
          // Letters come before records of the same id.
          .find({ $and: [recordWhere(filter), afterOf(after, after?.[2] === 'letter' ? '$lte' : '$lt')] })
          .sort(order)
          .limit(limit)
          .toArray()
      : [],
  ]);
  return [...letters.map(letterItem), ...records.map(recordItem)].sort(newestFirst).slice(0, limit);
}

/** How many there are, by kind. */
export async function countDeadItems(db: mongo.Db, filter: DeadFilter): Promise<Record<DeadKind, number>> {
  const [letter, record] = await Promise.all([
    wantsLetters(filter) ? deadLetters(db).countDocuments(letterWhere(filter)) : 0,
    wantsRecords(filter) ? ledgerEvents(db).countDocuments(recordWhere(filter)) : 0,
  ]);
  return { letter, record };
}

/** How many of a program wait for an operator, by kind: of a log that was cut off the accounts are read without one. */
export async function countDeadEvents(db: mongo.Db, program: string): Promise<Record<DeadKind, number>> {
  const filter: DeadFilter = { programs: [program], closed: false };
  const letters = { $and: [letterWhere(filter), { reason: { $ne: 'log-truncated' } }] };
  const [letter, record] = await Promise.all([
    deadLetters(db).countDocuments(letters),
    ledgerEvents(db).countDocuments(recordWhere(filter)),
  ]);
  return { letter, record };
}

/** The dead item of this id, open or not; null when there is none (any more). */
export async function readDeadItem(db: mongo.Db, id: string): Promise<DeadItem | null> {
  const letter = await deadLetters(db).findOne({ _id: id });
  if (letter) return letterItem(letter);
  const record = await ledgerEvents(db).findOne({ _id: id, state: 'dead' });
  return record && recordItem(record);
}

/**
 * Notes that these never take effect, by an operator's decision. They stay where they are, so that a sweep finds them
 * known. Returns how many were open until now.
 */
export async function dismissDead(db: mongo.Db, ids: readonly string[], by: string | null, now: Date): Promise<number> {
  const open = { _id: { $in: [...ids] }, dismissedAt: null };
  const mark = { $set: { dismissedAt: now, dismissedBy: by } };
  const letters = await deadLetters(db).updateMany(open, mark);
  const records = await ledgerEvents(db).updateMany({ ...open, state: 'dead' }, mark);
  return letters.modifiedCount + records.modifiedCount;
}

function wantsLetters({ kind, reason }: DeadFilter): boolean {
  return kind !== 'record' && reason !== 'handler-failed';
}

function wantsRecords({ kind, reason }: DeadFilter): boolean {
  return kind !== 'letter' && (reason === undefined || reason === 'handler-failed');
}

function letterWhere({ programs, reason, closed }: DeadFilter): mongo.Filter<{ _id: string } & mongo.Document> {
  return {
    program: { $in: [...programs] },
    ...(reason ? { reason } : {}),
    ...(closed ? {} : { dismissedAt: null, resolvedAt: null }),
  };
}

function recordWhere({ programs, closed }: DeadFilter): mongo.Filter<{ _id: string } & mongo.Document> {
  return { program: { $in: [...programs] }, state: 'dead', ...(closed ? {} : { dismissedAt: null }) };
}

function afterOf(after: DeadPlace | null, idOperator: '$lt' | '$lte'): mongo.Filter<{ _id: string } & mongo.Document> {
  if (after === null) return {};
  const [slot, id] = after;
  const sameSlot = { slot, _id: idOperator === '$lt' ? { $lt: id } : { $lte: id } };
  return { $or: [{ slot: { $lt: slot } }, sameSlot] };
}

function newestFirst(one: DeadItem, other: DeadItem): number {
  if (one.slot !== other.slot) return other.slot - one.slot;
  if (one.id !== other.id) return one.id < other.id ? 1 : -1;
  return one.kind === 'letter' ? -1 : 1;
}

function letterItem(stored: mongo.Document): DeadItem {
  const letter: KeptLetter = letterFrom(stored);
  const { _id, program, signature, slot, reason, detail, attempts, raw, seenAt } = letter;
  const { lastTriedAt, dismissedAt, dismissedBy, resolvedAt } = letter;
  return {
    ...{ id: _id, kind: 'letter', name: null, data: null },
    ...{ program, signature, slot, reason, detail, attempts, raw, seenAt },
    ...{ lastTriedAt, dismissedAt, dismissedBy, resolvedAt },
  };
}

function recordItem(stored: mongo.Document): DeadItem {
  type Dismissal = Partial<Pick<DeadItem, 'dismissedAt' | 'dismissedBy'>>;
  const record = recordFrom(stored) as LedgerRecord & Dismissal;
  const { _id, program, signature, slot, name, data, raw, error, attempts, seenAt } = record;
  return {
    ...{ id: _id, kind: 'record', reason: 'handler-failed', detail: error ?? '' },
    ...{ program, signature, slot, name, data, raw, attempts, seenAt },
    ...{ lastTriedAt: null, resolvedAt: null },
    ...{ dismissedAt: record.dismissedAt ?? null, dismissedBy: record.dismissedBy ?? null },
  };
}
