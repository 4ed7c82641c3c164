import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { LeaseWork } from '../leases/lease-work.js';
import type { Clock } from '../lib/clock.js';
import { ledgerEvents, recordFrom } from '../ledger/ledger-collections.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { commitChange, NO_CHANGE } from '../pipeline/projection-store.js';
import { runHandler } from '../pipeline/run-handler.js';

interface TieBreakerDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly chain: Pick<ChainPort, 'block'>;
}

/** Documents that transactions of one slot change without a revision that orders them. */
interface Tie {
  readonly slot: number;
  readonly touches: readonly string[];
  readonly records: readonly LedgerRecord[];
}

/**
 * Programs whose accounts carry no revision leave the order of two transactions within a slot open. The finalized
 * block's own list decides it: it is read once for each slot in which it matters, the positions are kept in the ledger
 * and the documents folded again. Until then both orders are the same everywhere, only perhaps not the chain's (I3).
 *
 * Returns the slots whose block nobody could show: what happened in them is not to be called final yet.
 */
export async function breakTies(
  { db, clock, chain }: TieBreakerDependencies,
  work: LeaseWork,
  module: DomainModule,
  finals: readonly LedgerRecord[],
): Promise<Set<number>> {
  const unknown = new Set<number>();
  for (const { slot, touches, records } of await findTies(db, module, finals)) {
    const block = await chain.block(slot);
    if (block.kind !== 'block') {
      unknown.add(slot);
      continue;
    }
    const positions = new Map(block.signatures.map((signature, position) => [signature, position]));
    const reindex = records.flatMap(({ _id, signature, index }) => {
      const position = positions.get(signature) ?? index;
      return position === index ? [] : [{ id: _id, slot, index: position }];
    });
    if (reindex.length === 0) continue;
    const change = { ...NO_CHANGE, reindex, refold: touches };
    await work.exclusive(() => commitChange(db, work.lease, module, change, new Date(clock.now())));
  }
  return unknown;
}

async function findTies(db: mongo.Db, module: DomainModule, finals: readonly LedgerRecord[]): Promise<Tie[]> {
  const open = finals.flatMap((record) => unorderedTouches(module, record));
  if (open.length === 0) return [];
  const slots = [...new Set(finals.map(({ slot }) => slot))];
  const stored = await ledgerEvents(db)
    .find({ touches: { $in: [...new Set(open)] }, slot: { $in: slots }, state: 'applied', kind: 'event' })
    .toArray();
  const groups = new Map<string, LedgerRecord[]>();
  for (const record of stored.map(recordFrom)) {
    for (const touch of unorderedTouches(module, record)) {
      const key = `${record.slot} ${touch}`;
      groups.set(key, [...(groups.get(key) ?? []), record]);
    }
  }
  const ties = new Map<number, { touches: string[]; records: Map<string, LedgerRecord> }>();
  for (const [key, records] of groups) {
    if (new Set(records.map(({ signature }) => signature)).size < 2) continue;
    const slot = Number(key.slice(0, key.indexOf(' ')));
    const tie = ties.get(slot) ?? { touches: [], records: new Map<string, LedgerRecord>() };
    tie.touches.push(key.slice(key.indexOf(' ') + 1));
    for (const record of records) tie.records.set(record._id, record);
    ties.set(slot, tie);
  }
  return [...ties].map(([slot, { touches, records }]) => ({ slot, touches, records: [...records.values()] }));
}

/** The documents that a record changes without saying as which revision. */
function unorderedTouches(module: DomainModule, record: LedgerRecord): string[] {
  if (record.state !== 'applied') return [];
  const outcome = runHandler(module, record);
  if (!outcome.ok) return [];
  return outcome.writes.flatMap((write) =>
    write.kind !== 'fact' && write.revision === 0n ? [touchOf(write.model.collection, write.key)] : [],
  );
}
