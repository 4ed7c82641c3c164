import { PublicKey } from '@solana/web3.js';
import type {
  Comment,
  Coupon,
  CouponsAccounts,
  CouponsEvents,
  Listing,
  Merchant,
  Promotion,
  Rating,
} from '../../idl/coupons.js';
import { seededRandom } from '../../src/dev/seeded-random.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One event of the coupons program as the chain would tell it. */
export type CouponEvent = {
  [N in keyof CouponsEvents]: { readonly name: N; readonly data: CouponsEvents[N]; readonly channel: 'log' | 'cpi' };
}[keyof CouponsEvents];

/** An account as it stands on the imagined chain. */
export type CouponAccount = {
  [N in keyof CouponsAccounts]: { readonly type: N; readonly account: CouponsAccounts[N] };
}[keyof CouponsAccounts];

/** A transaction that landed. */
export interface HistoryTransaction {
  readonly signature: string;
  readonly slot: number;
  readonly events: readonly CouponEvent[];
}

/** What happened on an imagined chain, and how its accounts stand afterwards: computed without any of our code. */
export interface CouponHistory {
  readonly transactions: readonly HistoryTransaction[];
  readonly accounts: ReadonlyMap<string, CouponAccount>;
}

/** Text that a pipeline update or a dotted path would misread. */
const TEXTS = ['$5 off', '$$ROOT', 'a.b', '$set', '{"$gt":0}', '', '☕ zwei für eins', "it's", 'null', '__proto__'];
const START_SLOT = 1_000;
const START_TIME = 1_700_000_000n;
const LAMPORTS = 1_000_000n;

/**
 * A random history of the marketplace: consistent, with many events per document, listings that close and come back at
 * the same address, several transactions in one slot on one account, and transactions of several events.
 */
export function generateHistory(seed: number, transactions: number): CouponHistory {
  const world = new World(seed);
  const landed: HistoryTransaction[] = [];
  while (landed.length < transactions) {
    const events = [...world.act(), ...(world.chance(0.2) ? world.act() : [])];
    if (events.length === 0) continue;
    landed.push({ signature: world.signature(), slot: world.slot, events });
    world.passTime();
  }
  return { transactions: landed, accounts: world.accounts() };
}

class World {
  slot = START_SLOT;
  readonly #random: () => number;
  readonly #merchants = new Map<string, Mutable<Merchant>>();
  readonly #promotions = new Map<string, Mutable<Promotion>>();
  readonly #coupons = new Map<string, Mutable<Coupon>>();
  readonly #listings = new Map<string, Mutable<Listing>>();
  readonly #ratings = new Map<string, Mutable<Rating>>();
  readonly #comments = new Map<string, Mutable<Comment>>();
  readonly #listingOf = new Map<string, string>();
  readonly #ratingOf = new Map<string, string>();
  readonly #wallets: string[];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#wallets = Array.from({ length: 6 }, () => this.address());
  }

  /** Half of the time the next transaction lands in the same slot. */
  passTime(): void {
    if (this.chance(0.5)) this.slot += 1 + Math.floor(this.#random() * 3);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  signature(): string {
    return `${this.address()}${this.address()}`;
  }

  address(): string {
    return new PublicKey(Uint8Array.from({ length: 32 }, () => Math.floor(this.#random() * 256))).toBase58();
  }

  accounts(): Map<string, CouponAccount> {
    const all = new Map<string, CouponAccount>();
    for (const [address, account] of this.#merchants) all.set(address, { type: 'Merchant', account });
    for (const [address, account] of this.#promotions) all.set(address, { type: 'Promotion', account });
    for (const [address, account] of this.#coupons) all.set(address, { type: 'Coupon', account });
    for (const [address, account] of this.#listings) all.set(address, { type: 'Listing', account });
    for (const [address, account] of this.#ratings) all.set(address, { type: 'Rating', account });
    for (const [address, account] of this.#comments) all.set(address, { type: 'Comment', account });
    return all;
  }

  /** One instruction; nothing when the one drawn is not possible now. */
  act(): CouponEvent[] {
    if (this.#merchants.size === 0) return this.#registerMerchant();
    if (this.#promotions.size === 0) return this.#createPromotion();
    if (this.#coupons.size < 2) return this.#mint();
    const acts: readonly (readonly [number, () => CouponEvent[]])[] = [
      [1, () => (this.#merchants.size < 3 ? this.#registerMerchant() : [])],
      [2, () => (this.#promotions.size < 5 ? this.#createPromotion() : [])],
      [2, () => this.#updatePromotion()],
      [0.3, () => this.#closePromotion()],
      [3, () => (this.#coupons.size < 12 ? this.#mint() : [])],
      [4, () => this.#transfer()],
      [0.7, () => this.#redeem()],
      [9, () => this.#list()],
      [5, () => this.#buy()],
      [3, () => this.#cancel()],
      [4, () => this.#rate()],
      [2, () => this.#comment()],
      [0.5, () => this.#closeCoupon()],
    ];
    let draw = this.#random() * acts.reduce((sum, [weight]) => sum + weight, 0);
    const drawn = acts.find(([weight]) => (draw -= weight) < 0);
    return drawn ? drawn[1]() : [];
  }

  #registerMerchant(): CouponEvent[] {
    const merchant = this.address();
    const account: Mutable<Merchant> = {
      revision: 1n,
      authority: this.address(),
      name: this.#text(),
      category: this.#text(),
      promotionCount: 0n,
      activePromotions: 0n,
      registeredAt: this.#now(),
      bump: 255,
    };
    this.#merchants.set(merchant, account);
    const { authority, name, category, registeredAt } = account;
    return [log('MerchantRegistered', { merchant, authority, revision: 1n, name, category, registeredAt })];
  }

  #createPromotion(): CouponEvent[] {
    const [merchant, owner] = this.#pick(this.#merchants);
    owner.revision += 1n;
    owner.promotionCount += 1n;
    owner.activePromotions += 1n;
    const promotion = this.address();
    const account: Mutable<Promotion> = {
      revision: 1n,
      merchant,
      promotionId: owner.promotionCount,
      title: this.#text(),
      description: this.#text(),
      discountBps: this.#whole(10_000),
      maxSupply: 1_000,
      minted: 0,
      redeemed: 0,
      closedCoupons: 0,
      resaleFeeBps: this.#whole(1_000),
      expiresAt: this.#now() + 1_000_000n,
      status: 'active',
      ratingCount: 0,
      ratingSum: 0n,
      commentCount: 0,
      sales: 0,
      salesVolume: 0n,
      createdAt: this.#now(),
      bump: 255,
    };
    this.#promotions.set(promotion, account);
    const { promotionId, title, description, discountBps, maxSupply, resaleFeeBps, expiresAt, createdAt } = account;
    return [
      log('PromotionCreated', {
        ...{ promotion, merchant, revision: 1n, promotionId, title, description, discountBps, maxSupply },
        ...{ resaleFeeBps, expiresAt, createdAt, merchantRevision: owner.revision },
        ...{ merchantPromotionCount: owner.promotionCount, merchantActivePromotions: owner.activePromotions },
      }),
    ];
  }

  #updatePromotion(): CouponEvent[] {
    const [promotion, account] = this.#pick(this.#promotions);
    if (account.status === 'closed') return [];
    account.revision += 1n;
    account.title = this.#text();
    account.discountBps = this.#whole(10_000);
    const { merchant, revision, title, description, discountBps, maxSupply, expiresAt } = account;
    const updatedAt = this.#now();
    return [
      log('PromotionUpdated', {
        ...{ promotion, merchant, revision, title, description, discountBps, maxSupply, expiresAt, updatedAt },
      }),
    ];
  }

  #closePromotion(): CouponEvent[] {
    const [promotion, account] = this.#pick(this.#promotions);
    const owner = this.#merchants.get(account.merchant);
    if (account.status === 'closed' || !owner) return [];
    account.status = 'closed';
    account.revision += 1n;
    owner.activePromotions -= 1n;
    owner.revision += 1n;
    return [
      log('PromotionClosed', {
        ...{ promotion, merchant: account.merchant, revision: account.revision, closedAt: this.#now() },
        ...{ merchantRevision: owner.revision, merchantActivePromotions: owner.activePromotions },
      }),
    ];
  }

  #mint(): CouponEvent[] {
    const [promotion, offer] = this.#pick(this.#promotions);
    offer.minted += 1;
    offer.revision += 1n;
    const coupon = this.address();
    const { merchant } = offer;
    const account: Mutable<Coupon> = {
      ...{ revision: 1n, promotion, merchant, mint: this.address(), owner: this.#wallet(), serial: offer.minted - 1 },
      ...{ status: 'active' as const, transfers: 0, mintedAt: this.#now(), redeemedAt: 0n, bump: 255 },
    };
    this.#coupons.set(coupon, account);
    const { mint, owner, serial, mintedAt } = account;
    return [
      log('CouponMinted', {
        ...{ coupon, promotion, merchant, mint, owner, revision: 1n, serial, mintedAt },
        ...{ promotionRevision: offer.revision, promotionMinted: offer.minted },
      }),
    ];
  }

  #transfer(): CouponEvent[] {
    const [coupon, account] = this.#pick(this.#coupons);
    if (account.status !== 'active') return [];
    const from = account.owner;
    account.owner = this.#wallet();
    account.transfers += 1;
    account.revision += 1n;
    const { promotion, owner: to, revision, transfers } = account;
    return [log('CouponTransferred', { coupon, promotion, from, to, revision, transfers, transferredAt: this.#now() })];
  }

  #redeem(): CouponEvent[] {
    const [coupon, account] = this.#pick(this.#coupons);
    if (account.status !== 'active') return [];
    const offer = this.#promotionOf(account.promotion);
    account.status = 'redeemed';
    account.redeemedAt = this.#now();
    account.revision += 1n;
    offer.redeemed += 1;
    offer.revision += 1n;
    const { promotion, merchant, owner, revision, redeemedAt } = account;
    return [
      log('CouponRedeemed', {
        ...{ coupon, promotion, merchant, owner, revision, redeemedAt },
        ...{ promotionRevision: offer.revision, promotionRedeemed: offer.redeemed },
      }),
    ];
  }

  /** Opens a listing; where there is one, cancels and reopens it at another price: two events. */
  #list(): CouponEvent[] {
    const [coupon, account] = this.#pick(this.#coupons);
    if (account.status === 'redeemed') return [];
    const listing = this.#listingOf.get(coupon) ?? this.address();
    this.#listingOf.set(coupon, listing);
    const cancelled = account.status === 'listed' ? [this.#cancelled(coupon, account, listing)] : [];
    account.status = 'listed';
    account.revision += 1n;
    const { promotion, owner: seller, revision } = account;
    const price = BigInt(1 + this.#whole(50)) * LAMPORTS;
    const listedAt = this.#now();
    this.#listings.set(listing, { revision, coupon, promotion, seller, price, listedAt, bump: 255 });
    return [...cancelled, log('CouponListed', { coupon, listing, promotion, seller, price, revision, listedAt })];
  }

  #cancel(): CouponEvent[] {
    const [coupon, account] = this.#pick(this.#coupons);
    const listing = this.#listingOf.get(coupon);
    if (account.status !== 'listed' || listing === undefined) return [];
    this.#listings.delete(listing);
    account.status = 'active';
    return [this.#cancelled(coupon, account, listing)];
  }

  #cancelled(coupon: string, account: Mutable<Coupon>, listing: string): CouponEvent {
    account.revision += 1n;
    const { promotion, owner: seller, revision } = account;
    return log('ListingCancelled', { coupon, listing, promotion, seller, revision, cancelledAt: this.#now() });
  }

  #buy(): CouponEvent[] {
    if (this.#listings.size === 0) return [];
    const [listing, { coupon, price, seller }] = this.#pick(this.#listings);
    const account = this.#coupons.get(coupon);
    if (!account) return [];
    const offer = this.#promotionOf(account.promotion);
    this.#listings.delete(listing);
    account.owner = this.#wallet();
    account.status = 'active';
    account.transfers += 1;
    account.revision += 1n;
    offer.sales += 1;
    offer.salesVolume += price;
    offer.revision += 1n;
    const { promotion, merchant, owner: buyer, revision, transfers } = account;
    const fee = (price * BigInt(offer.resaleFeeBps)) / 10_000n;
    return [
      cpi('CouponSold', {
        ...{ coupon, listing, promotion, merchant, seller, buyer, price, fee, revision, transfers },
        ...{ promotionRevision: offer.revision, promotionSales: offer.sales, promotionSalesVolume: offer.salesVolume },
        soldAt: this.#now(),
      }),
    ];
  }

  #rate(): CouponEvent[] {
    const [promotion, offer] = this.#pick(this.#promotions);
    const rater = this.#wallet();
    const rating = this.#ratingOf.get(promotion + rater) ?? this.address();
    this.#ratingOf.set(promotion + rater, rating);
    const before = this.#ratings.get(rating);
    const stars = 1 + this.#whole(5);
    const previousStars = before?.stars ?? 0;
    const revision = (before?.revision ?? 0n) + 1n;
    const ratedAt = this.#now();
    this.#ratings.set(rating, { revision, promotion, rater, stars, ratedAt, bump: 255 });
    offer.ratingCount += before ? 0 : 1;
    offer.ratingSum += BigInt(stars - previousStars);
    offer.revision += 1n;
    return [
      log('PromotionRated', {
        ...{ rating, promotion, rater, stars, previousStars, revision, ratedAt, promotionRevision: offer.revision },
        ...{ promotionRatingCount: offer.ratingCount, promotionRatingSum: offer.ratingSum },
      }),
    ];
  }

  #comment(): CouponEvent[] {
    const [promotion, offer] = this.#pick(this.#promotions);
    const comment = this.address();
    const [author, index, text, createdAt] = [this.#wallet(), offer.commentCount, this.#text(), this.#now()];
    this.#comments.set(comment, { revision: 1n, promotion, author, index, text, createdAt, bump: 255 });
    offer.commentCount += 1;
    offer.revision += 1n;
    return [
      cpi('CommentAdded', {
        ...{ comment, promotion, author, index, text, createdAt, revision: 1n },
        ...{ promotionRevision: offer.revision, promotionCommentCount: offer.commentCount },
      }),
    ];
  }

  #closeCoupon(): CouponEvent[] {
    const [coupon, account] = this.#pick(this.#coupons);
    if (account.status !== 'redeemed') return [];
    const offer = this.#promotionOf(account.promotion);
    this.#coupons.delete(coupon);
    offer.closedCoupons += 1;
    offer.revision += 1n;
    const { promotion, owner, mint } = account;
    return [
      log('CouponClosed', {
        ...{ coupon, promotion, owner, mint, revision: account.revision + 1n, closedAt: this.#now() },
        ...{ promotionRevision: offer.revision, promotionClosedCoupons: offer.closedCoupons },
      }),
    ];
  }

  #promotionOf(address: string): Mutable<Promotion> {
    const promotion = this.#promotions.get(address);
    if (!promotion) throw new Error(`no promotion ${address}`);
    return promotion;
  }

  #now(): bigint {
    return START_TIME + BigInt(this.slot);
  }

  #whole(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #text(): string {
    return TEXTS[this.#whole(TEXTS.length)] ?? '';
  }

  #wallet(): string {
    return this.#wallets[this.#whole(this.#wallets.length)] ?? '';
  }

  #pick<T>(accounts: ReadonlyMap<string, T>): readonly [string, T] {
    const picked = [...accounts][this.#whole(accounts.size)];
    if (!picked) throw new Error('nothing to pick from');
    return picked;
  }
}

function log<N extends keyof CouponsEvents>(name: N, data: CouponsEvents[N]): CouponEvent {
  return { name, data, channel: 'log' } as unknown as CouponEvent;
}

function cpi<N extends keyof CouponsEvents>(name: N, data: CouponsEvents[N]): CouponEvent {
  return { name, data, channel: 'cpi' } as unknown as CouponEvent;
}
