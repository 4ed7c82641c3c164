import type { mongo } from 'mongoose';
import { insertUnordered } from '../lib/insert-unordered.js';
import { isSameVersion, type LedgerRecord } from './ledger-record.js';
import { ledgerEvents, recordFrom, storedRecord } from './ledger-collections.js';

/** What became of the records handed in. */
export interface AppendOutcome {
  /** New to the ledger. */
  readonly inserted: readonly LedgerRecord[];
  /** Ids that were there already, saying the same. */
  readonly seen: readonly string[];
  /** Signatures announced with another slot or other bytes than the ledger holds: now marked for the chain to decide. */
  readonly disputed: readonly string[];
}

/**
 * Inserts records as `received`. After this returns nothing of them can be lost (I1). Anyone may call it, at any time,
 * any number of times: an event that is there already is not inserted again.
 */
export async function appendReceived(db: mongo.Db, records: readonly LedgerRecord[]): Promise<AppendOutcome> {
  if (records.length === 0) return { inserted: [], seen: [], disputed: [] };
  const refused = await insertUnordered(ledgerEvents(db), records.map(storedRecord));
  if (refused.size === 0) return { inserted: records, seen: [], disputed: [] };
  const duplicates = records.filter((_, position) => refused.has(position));

  const present = await ledgerEvents(db)
    .find({ _id: { $in: duplicates.map((record) => record._id) } })
    .toArray();
  const byId = new Map(present.map((stored) => [stored._id, recordFrom(stored)]));
  const seen: string[] = [];
  const disputed = new Set<string>();
  for (const record of duplicates) {
    const held = byId.get(record._id);
    // An orphaned version that is announced again may have landed after all: that, too, is the chain's to say.
    // An observation belongs to no transaction that could be asked about: the first reading of a slot stays.
    if (record.kind === 'observation') seen.push(record._id);
    else if (held && isSameVersion(held, record) && held.state !== 'orphaned') seen.push(record._id);
    else disputed.add(record.signature);
  }
  if (disputed.size > 0) await markDisputed(db, [...disputed]);
  return {
    // By position, not by id: a batch may hold one event twice, and the first of the two is new.
    inserted: records.filter((_, position) => !refused.has(position)),
    seen,
    disputed: [...disputed],
  };
}

/** Asks the lease holder to let the chain decide which version of these transactions is true. */
export async function markDisputed(
  db: mongo.Db,
  signatures: readonly string[],
  session?: mongo.ClientSession,
): Promise<void> {
  await ledgerEvents(db).updateMany(
    { signature: { $in: [...signatures] }, disputed: false },
    { $set: { disputed: true } },
    session ? { session } : {},
  );
}
