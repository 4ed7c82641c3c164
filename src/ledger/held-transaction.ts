import type { LedgerRecord } from './ledger-record.js';

/** Records of one transaction at one slot: of one that a fork moved, records may be held at two. */
export interface HeldTransaction {
  readonly signature: string;
  readonly slot: number;
  readonly records: readonly LedgerRecord[];
}

/** Names one version of a transaction: the same signature may land in another slot after a fork. */
export function heldKey({ signature, slot }: Pick<LedgerRecord, 'signature' | 'slot'>): string {
  return `${signature}@${slot}`;
}

/** The transactions of these records, in the order of their first ones. */
export function groupByTransaction(records: readonly LedgerRecord[]): HeldTransaction[] {
  const groups = new Map<string, HeldTransaction & { records: LedgerRecord[] }>();
  for (const record of records) {
    const { signature, slot } = record;
    const key = heldKey(record);
    const group = groups.get(key) ?? { signature, slot, records: [] };
    group.records.push(record);
    groups.set(key, group);
  }
  return [...groups.values()];
}
