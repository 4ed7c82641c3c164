import type { CouponAccount } from '../support/coupon-history.js';
import { documentsOfAccounts, type Documents } from '../support/coupon-history-oracle.js';
import type { Cluster, Landed } from './chain/cluster.js';
import { bytesOf, foreignDataLines, isLogLost } from './chain/render.js';

/** An event as it truly happened. */
export interface TrueEvent {
  readonly id: string;
  readonly name: string;
  readonly slot: number;
  readonly raw: Buffer;
}

/** The events of a landed transaction that anybody can know of: those that a cut-off log swallowed are in no node's answer. */
export function eventsOf(landed: Landed): readonly TrueEvent[] {
  const events = known.get(landed) ?? readEvents(landed);
  known.set(landed, events);
  return events;
}

const known = new WeakMap<Landed, readonly TrueEvent[]>();

function readEvents(landed: Landed): TrueEvent[] {
  if (landed.failed) return [];
  const counts = { log: foreignDataLines(landed.appearance), cpi: 0 };
  return landed.events.flatMap((event, position) => {
    if (isLogLost(landed.events, position, landed.appearance)) return [];
    const id = `${landed.signature}/${event.channel}/${counts[event.channel]++}`;
    return [{ id, name: event.name, slot: landed.slot, raw: bytesOf(event) }];
  });
}

/** What the state documents must be, by the accounts at the head. */
export function trueDocuments(cluster: Cluster): Documents {
  const accounts = cluster.bank() as ReadonlyMap<string, CouponAccount>;
  return documentsOfAccounts({ transactions: [], accounts });
}
