import type { CouponsAccounts } from '../../idl/coupons.js';
import type { FieldValue } from '../../src/domain-kit/field.js';
import { writesOfAccount, type AccountHandler } from '../../src/domain-kit/domain-module.js';
import { coupons } from '../../src/domains/coupons/module.js';
import type { LedgerRecord } from '../../src/ledger/ledger-record.js';
import type { CouponHistory } from './coupon-history.js';

/** Documents by collection and key, without mooring's notes: what a test compares. */
export type Documents = Record<string, Record<string, Record<string, FieldValue>>>;

/**
 * What the documents must be after these records, by the most simple-minded way there is: sort everything, start with
 * nothing, apply one write after the other. Shares nothing with src/pipeline but the handlers.
 */
export function simpleFold(records: readonly LedgerRecord[]): Documents {
  const documents: Documents = Object.fromEntries(coupons.models.map(({ collection }) => [collection, {}]));
  const rows = records.flatMap((record) =>
    (coupons.events[record.name]?.({ ...record, id: record._id }) ?? []).map((write) => ({ record, write })),
  );
  const revisionOf = ({ write }: (typeof rows)[number]) => (write.kind === 'fact' ? 0n : write.revision);
  rows.sort(
    (one, other) =>
      one.record.slot - other.record.slot ||
      Number(revisionOf(one) - revisionOf(other)) ||
      one.record.index - other.record.index ||
      one.record.place - other.record.place ||
      (one.record._id < other.record._id ? -1 : 1),
  );
  for (const { write } of rows) {
    const collection = (documents[write.model.collection] ??= {});
    if (write.kind === 'close') delete collection[write.key];
    else if (write.kind === 'fact') collection[write.key] = { ...write.fields };
    else collection[write.key] = { ...collection[write.key], ...write.patch };
  }
  return withFloorPrices(documents);
}

/** What the accounts themselves say the documents must be; facts are not among them. */
export function documentsOfAccounts({ accounts }: CouponHistory): Documents {
  const states = coupons.models.filter(({ kind }) => kind === 'state');
  const documents: Documents = Object.fromEntries(states.map(({ collection }) => [collection, {}]));
  for (const [address, { type, account }] of accounts) {
    const handler = coupons.accounts[type] as AccountHandler<CouponsAccounts[typeof type]>;
    const [write] = writesOfAccount(handler(address, account));
    if (write.kind === 'state') (documents[write.model.collection] ??= {})[write.key] = { ...write.patch };
  }
  return withFloorPrices(documents);
}

function withFloorPrices(documents: Documents): Documents {
  for (const [address, promotion] of Object.entries(documents['promotions'] ?? {})) {
    const prices = Object.values(documents['listings'] ?? {})
      .filter((listing) => listing['promotion'] === address)
      .map((listing) => listing['price'] as bigint);
    promotion['floorPrice'] = prices.length === 0 ? null : prices.reduce((low, price) => (price < low ? price : low));
  }
  return documents;
}
