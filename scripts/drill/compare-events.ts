import type { mongo } from 'mongoose';
import type { ChainEvent } from './chain-events.js';

/** Where chain, ledger and facts disagree about which events there were. Empty lists everywhere: they do not. */
export interface EventComparison {
  readonly chain: number;
  readonly ledger: number;
  readonly missing: readonly string[];
  readonly invented: readonly string[];
  /** Same id, but not applied, or with another name or slot. */
  readonly different: readonly string[];
  readonly salesOnChain: number;
  readonly sales: number;
  readonly salesMissing: readonly string[];
  readonly salesInvented: readonly string[];
}

/** Compares the chain's events with the ledger's by id, name and slot, and its sales with the sale documents by id and price. */
export async function compareEvents(db: mongo.Db, onChain: readonly ChainEvent[]): Promise<EventComparison> {
  const records = await db
    .collection<{ _id: string; name: string; slot: number; state: string }>('ledger_events')
    .find({ kind: 'event', _id: { $not: /~/ } }, { projection: { name: 1, slot: 1, state: 1 } })
    .toArray();
  const chainById = new Map(onChain.map((event) => [event.id, event]));
  const ledgerById = new Map(records.map((record) => [record._id, record]));
  const different = records.filter((record) => {
    const event = chainById.get(record._id);
    return event && (record.state !== 'applied' || record.name !== event.name || record.slot !== event.slot);
  });

  const salesOnChain = new Map(
    onChain.filter(({ name }) => name === 'CouponSold').map(({ id, data }) => [id, String(data['price'])]),
  );
  const sales = await db
    .collection<{ _id: string; price: unknown }>('sales')
    .find({}, { projection: { price: 1 } })
    .toArray();
  const salesById = new Map(sales.map(({ _id, price }) => [_id, String(price)]));
  const lacking = (wanted: ReadonlyMap<string, string>, held: ReadonlyMap<string, string>) =>
    [...wanted].filter(([id, price]) => held.get(id) !== price).map(([id]) => id);
  return {
    chain: chainById.size,
    ledger: ledgerById.size,
    missing: [...chainById.keys()].filter((id) => !ledgerById.has(id)),
    invented: [...ledgerById.keys()].filter((id) => !chainById.has(id)),
    different: different.map(({ _id }) => _id),
    salesOnChain: salesOnChain.size,
    sales: salesById.size,
    salesMissing: lacking(salesOnChain, salesById),
    salesInvented: lacking(salesById, salesOnChain),
  };
}

/** Whether chain, ledger and facts tell of the same events. */
export function isEqual(comparison: EventComparison): boolean {
  const { chain, ledger, missing, invented, different, salesOnChain, sales, salesMissing, salesInvented } = comparison;
  const differences = [missing, invented, different, salesMissing, salesInvented].flat();
  return chain === ledger && salesOnChain === sales && differences.length === 0;
}
