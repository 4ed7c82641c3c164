import type { mongo } from 'mongoose';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { toJson } from '../lib/json.js';
import { ledgerEvents, recordFrom, type StoredRecord } from '../ledger/ledger-collections.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import type { HandledWrites } from '../pipeline/project.js';
import { runHandler, touchesOf } from '../pipeline/run-handler.js';

/** A page of the ledger as the module of today sees it. */
export interface ReadPage {
  readonly handled: readonly HandledWrites[];
  readonly failing: readonly { readonly record: LedgerRecord; readonly error: string }[];
  /** Records that their IDL reads otherwise than when they came; `handled` has them as it reads now. */
  readonly decodedAnew: readonly LedgerRecord[];
  /** Every document that a record of the page touched, or touches now. */
  readonly touches: ReadonlySet<string>;
  /** Collections that the ledger names and the module has not (any more). */
  readonly strangers: ReadonlySet<string>;
}

/** Where a page begins: after this record, or at this slot. */
export interface PageStart {
  readonly program: string;
  readonly fromSlot: number | null;
  readonly cursor: readonly (string | number)[] | null;
}

/** Applied records in (slot, id) order. */
export async function readAppliedPage(
  db: mongo.Db,
  { program, fromSlot, cursor }: PageStart,
  limit: number,
): Promise<LedgerRecord[]> {
  const [slot, id] = (cursor ?? []) as [number?, string?];
  const after =
    slot === undefined || id === undefined
      ? { slot: { $gte: fromSlot ?? 0 } }
      : { slot: { $gte: slot }, $or: [{ slot: { $gt: slot } }, { slot, _id: { $gt: id } }] };
  const stored = await ledgerEvents(db)
    .find({ program, state: 'applied', ...after } as mongo.Filter<StoredRecord>)
    .sort({ slot: 1, _id: 1 })
    .limit(limit)
    .batchSize(limit + 1)
    .toArray();
  return stored.map(recordFrom);
}

/** Runs the handlers of today over records, as the IDL of their slot reads them. */
export function readPageAnew(module: DomainModule, codec: ProgramCodec, page: readonly LedgerRecord[]): ReadPage {
  const handled: HandledWrites[] = [];
  const failing: { record: LedgerRecord; error: string }[] = [];
  const decodedAnew: LedgerRecord[] = [];
  const touches = new Set<string>();
  const strangers = new Set<string>();
  const collections = new Set(module.models.map(({ collection }) => collection));
  const note = (touch: string): void => {
    const collection = touch.slice(0, touch.indexOf(':'));
    if (collections.has(collection)) touches.add(touch);
    else strangers.add(collection);
  };
  for (const stored of page) {
    const record = decodeAnew(codec, stored);
    if (record !== stored) decodedAnew.push(record);
    record.touches.forEach(note);
    const outcome = runHandler(module, record);
    if (!outcome.ok) {
      failing.push({ record, error: outcome.error });
      continue;
    }
    handled.push({ record, writes: outcome.writes });
    touchesOf(outcome.writes).forEach(note);
  }
  return { handled, failing, decodedAnew, touches, strangers };
}

/**
 * The record as the IDL of its slot reads its bytes today; the same object where that changes nothing. What no IDL reads
 * any more stays as it was read when it came: an older IDL that nobody kept is no reason to lose an event.
 */
function decodeAnew(codec: ProgramCodec, record: LedgerRecord): LedgerRecord {
  if (record.data === null) return record;
  const inForce = codec.at(record.slot);
  const decoded = record.kind === 'event' ? inForce.decodeEvent(record.raw) : inForce.decodeAccount(record.raw);
  if (!decoded.ok) return record;
  const isSame = decoded.name === record.name && toJson(decoded.data) === toJson(record.data);
  return isSame ? record : { ...record, name: decoded.name, data: decoded.data };
}
