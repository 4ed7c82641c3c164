import type { ChainEvent } from '../../drill/chain-events.js';

/** Whom a coupon was asked for, and what whoever asked was told at last. */
export interface AskedMint {
  readonly recipient: string;
  readonly toldLanded: boolean;
}

/** What became of coupons that were each asked for once. */
export interface MintTally {
  readonly requests: number;
  /** Recipients with at least one coupon. */
  readonly landed: number;
  /** Recipients with more than one. */
  readonly doubled: number;
  /** Said to have failed, and on chain. */
  readonly falseFailures: number;
  /** Said to have landed, and not on chain. */
  readonly falseSuccesses: number;
}

/** Counts on chain. */
export function tallyMints(asked: readonly AskedMint[], events: readonly ChainEvent[]): MintTally {
  const coupons = new Map<string, number>();
  for (const { name, data } of events) {
    const owner = String(data['owner']);
    if (name === 'CouponMinted') coupons.set(owner, (coupons.get(owner) ?? 0) + 1);
  }
  const count = (isSo: (had: number, toldLanded: boolean) => boolean) =>
    asked.filter(({ recipient, toldLanded }) => isSo(coupons.get(recipient) ?? 0, toldLanded)).length;
  return {
    requests: asked.length,
    landed: count((had) => had > 0),
    doubled: count((had) => had > 1),
    falseFailures: count((had, toldLanded) => had > 0 && !toldLanded),
    falseSuccesses: count((had, toldLanded) => had === 0 && toldLanded),
  };
}
