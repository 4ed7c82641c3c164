import type { mongo } from 'mongoose';

/** What the ledger and the documents say, counted where they are kept. */
export interface LedgerFigures {
  readonly ingested: number;
  readonly applied: number;
  readonly finalized: number;
  readonly orphaned: number;
  /** Events whose handler failed for good, and what could not be decoded or fetched at all. */
  readonly dead: number;
  readonly byName: Readonly<Record<string, number>>;
}

interface Row {
  readonly _id: { readonly name: string; readonly state: string; readonly commitment: string };
  readonly n: number;
}

/** Counts the events of the ledger. Versions that never landed, which it keeps for the record, are not events. */
export async function readLedgerFigures(db: mongo.Db): Promise<LedgerFigures> {
  const rows = await db
    .collection('ledger_events')
    .aggregate<Row>([
      { $match: { kind: 'event', _id: { $not: /~/ } } },
      { $group: { _id: { name: '$name', state: '$state', commitment: '$commitment' }, n: { $sum: 1 } } },
    ])
    .toArray();
  const sum = (which: (of: Row['_id']) => boolean) =>
    rows.filter((row) => which(row._id)).reduce((total, { n }) => total + n, 0);
  const names = [...new Set(rows.map((row) => row._id.name))].sort();
  return {
    ingested: sum(() => true),
    applied: sum(({ state }) => state === 'applied'),
    finalized: sum(({ state, commitment }) => state === 'applied' && commitment === 'finalized'),
    orphaned: sum(({ state }) => state === 'orphaned'),
    dead: sum(({ state }) => state === 'dead') + (await db.collection('dead_letters').countDocuments()),
    byName: Object.fromEntries(names.map((name) => [name, sum((of) => of.name === name && of.state !== 'orphaned')])),
  };
}

/** How many of these transactions' events are in the documents, and through which door each came. */
export async function readArrivals(
  db: mongo.Db,
  signatures: readonly string[],
): Promise<{ readonly applied: number; readonly bySource: Readonly<Record<string, number>> }> {
  const rows = await db
    .collection('ledger_events')
    .find({ signature: { $in: [...signatures] }, kind: 'event', state: 'applied' }, { projection: { source: 1 } })
    .toArray();
  const bySource: Record<string, number> = {};
  for (const { source } of rows) bySource[String(source)] = (bySource[String(source)] ?? 0) + 1;
  return { applied: rows.length, bySource };
}
