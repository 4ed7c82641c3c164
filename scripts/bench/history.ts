import bs58 from 'bs58';
import type { Notice } from '../../src/pipeline/ingest.js';
import { encodeEvent } from './encode-event.js';
import { logLines, type LogShape } from './log-lines.js';
import { seededRandom } from '../../src/dev/seeded-random.js';

interface Merchant {
  readonly merchant: string;
  readonly authority: string;
  revision: bigint;
  promotions: bigint;
  active: bigint;
}

interface Promotion {
  readonly promotion: string;
  readonly owner: Merchant;
  readonly ratings: Map<string, { readonly rating: string; stars: number; revision: bigint }>;
  revision: bigint;
  minted: number;
  redeemed: number;
  closedCoupons: number;
  sales: number;
  salesVolume: bigint;
  ratingCount: number;
  ratingSum: bigint;
  comments: number;
}

interface Coupon {
  readonly coupon: string;
  readonly mint: string;
  readonly listing: string;
  readonly of: Promotion;
  owner: string;
  price: bigint;
  transfers: number;
  revision: bigint;
}

const WALLETS = 2_000;
const MERCHANTS = 20;
/** Most of what happens concerns the newest promotions. */
const LIVELY_PROMOTIONS = 100;
const TRANSACTIONS_PER_SLOT = 10;
const FIRST_SLOT = 300_000_000;
const FIRST_SECOND = 1_790_000_000n;
const SLOTS_PER_SECOND = 2.5;
const BATCH_MINT = 4;

const SYSTEM_MINT = ['system', 'system', 'system', 'token'] as const;

/** A transaction as it is announced, and how many events are in it. */
export interface HistoryNotice {
  readonly notice: Notice;
  readonly eventCount: number;
}

/**
 * A history of the coupon marketplace that never ends: every event valid after those before it, as the program would
 * have emitted it, in transactions of 1 to 4 events. The same seed gives the same history.
 */
export class CouponHistory {
  readonly #random: () => number;
  readonly #wallets: string[];
  readonly #merchants: Merchant[] = [];
  readonly #promotions: Promotion[] = [];
  readonly #held: Coupon[] = [];
  readonly #listed: Coupon[] = [];
  readonly #redeemed: Coupon[] = [];
  #transactions = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#wallets = Array.from({ length: WALLETS }, () => this.#address());
  }

  /** Transactions, as the socket brings them, of at least `events` events. */
  transactions(events: number): HistoryNotice[] {
    const transactions: HistoryNotice[] = [];
    for (let count = 0; count < events;) {
      const transaction = this.next();
      transactions.push(transaction);
      count += transaction.eventCount;
    }
    return transactions;
  }

  /** The next transaction. */
  next(): HistoryNotice {
    const step = this.#step();
    const signature = bs58.encode(this.#bytes(64));
    const slot = this.#slot();
    this.#transactions++;
    return {
      notice: { signature, slot, failed: false, source: 'socket', logs: logLines(step.shape, step.events) },
      eventCount: step.events.length,
    };
  }

  #step(): { readonly shape: LogShape; readonly events: readonly Buffer[] } {
    if (this.#merchants.length < MERCHANTS) return this.#registerMerchant();
    if (this.#promotions.length < MERCHANTS) return this.#createPromotion();
    // Per cent of transactions; what is not possible yet falls through to a mint.
    const dice = this.#random() * 100;
    if (dice < 3) return this.#createPromotion();
    if (dice < 5) return this.#updatePromotion();
    if (dice < 14) return this.#mint(BATCH_MINT);
    if (dice < 24) return this.#mint(1);
    if (dice < 32) return this.#rate();
    if (dice < 40) return this.#comment();
    if (dice < 55 && this.#held.length > 0) return this.#transfer();
    if (dice < 72 && this.#held.length > 0) return this.#list();
    if (dice < 85 && this.#listed.length > 0) return this.#buy();
    if (dice < 88 && this.#listed.length > 0) return this.#changePrice();
    if (dice < 91 && this.#listed.length > 0) return this.#cancel();
    if (dice < 97 && this.#held.length > 0) return this.#redeem();
    if (this.#redeemed.length > 0) return this.#close();
    return this.#mint(1);
  }

  #registerMerchant() {
    const owner: Merchant = {
      merchant: this.#address(),
      authority: this.#address(),
      revision: 1n,
      promotions: 0n,
      active: 0n,
    };
    this.#merchants.push(owner);
    return shaped('RegisterMerchant', ['system'], 4343, [
      encodeEvent('MerchantRegistered', {
        merchant: owner.merchant,
        authority: owner.authority,
        revision: owner.revision,
        name: `Coffee house ${this.#merchants.length}`,
        category: 'coffee',
        registeredAt: this.#now(),
      }),
    ]);
  }

  #createPromotion() {
    const owner = this.#pick(this.#merchants);
    owner.revision++;
    owner.promotions++;
    owner.active++;
    const promotion: Promotion = {
      promotion: this.#address(),
      owner,
      ratings: new Map(),
      revision: 1n,
      minted: 0,
      redeemed: 0,
      closedCoupons: 0,
      sales: 0,
      salesVolume: 0n,
      ratingCount: 0,
      ratingSum: 0n,
      comments: 0,
    };
    this.#promotions.push(promotion);
    return shaped('CreatePromotion', ['system'], 5337, [
      encodeEvent('PromotionCreated', {
        promotion: promotion.promotion,
        merchant: owner.merchant,
        revision: promotion.revision,
        merchantRevision: owner.revision,
        merchantPromotionCount: owner.promotions,
        merchantActivePromotions: owner.active,
        promotionId: owner.promotions,
        title: 'Two for one before noon',
        description: 'Bring a friend and pay for one of two, Monday to Friday.',
        discountBps: 5_000,
        maxSupply: 10_000,
        resaleFeeBps: 250,
        expiresAt: this.#now() + 31_536_000n,
        createdAt: this.#now(),
      }),
    ]);
  }

  #updatePromotion() {
    const promotion = this.#pick(this.#promotions);
    promotion.revision++;
    return shaped('UpdatePromotion', [], 3533, [
      encodeEvent('PromotionUpdated', {
        promotion: promotion.promotion,
        merchant: promotion.owner.merchant,
        revision: promotion.revision,
        title: 'Two for one all day',
        description: 'Bring a friend and pay for one of two, every day.',
        discountBps: 5_000,
        maxSupply: 10_000,
        expiresAt: this.#now() + 31_536_000n,
        updatedAt: this.#now(),
      }),
    ]);
  }

  #mint(count: number) {
    const promotion = this.#livelyPromotion();
    const events = Array.from({ length: count }, () => {
      promotion.revision++;
      const serial = promotion.minted++;
      const coupon: Coupon = {
        coupon: this.#address(),
        mint: this.#address(),
        listing: this.#address(),
        of: promotion,
        owner: this.#pick(this.#wallets),
        price: 0n,
        transfers: 0,
        revision: 1n,
      };
      this.#held.push(coupon);
      return encodeEvent('CouponMinted', {
        coupon: coupon.coupon,
        promotion: promotion.promotion,
        merchant: promotion.owner.merchant,
        mint: coupon.mint,
        owner: coupon.owner,
        revision: coupon.revision,
        promotionRevision: promotion.revision,
        promotionMinted: promotion.minted,
        serial,
        mintedAt: this.#now(),
      });
    });
    return shaped(count === 1 ? 'MintCoupon' : 'MintCouponsBatch', SYSTEM_MINT, 11_932 * count, events);
  }

  #transfer() {
    const coupon = this.#pick(this.#held);
    const from = coupon.owner;
    coupon.owner = this.#pick(this.#wallets);
    coupon.revision++;
    coupon.transfers++;
    return shaped('TransferCoupon', ['token'], 3883, [
      encodeEvent('CouponTransferred', {
        coupon: coupon.coupon,
        promotion: coupon.of.promotion,
        from,
        to: coupon.owner,
        revision: coupon.revision,
        transfers: coupon.transfers,
        transferredAt: this.#now(),
      }),
    ]);
  }

  #list() {
    const coupon = this.#take(this.#held);
    this.#listed.push(coupon);
    return shaped('ListCoupon', ['token', 'system'], 7931, [this.#listedEvent(coupon)]);
  }

  #listedEvent(coupon: Coupon) {
    coupon.revision++;
    coupon.price = 1_000_000n + BigInt(Math.floor(this.#random() * 9_000_000));
    return encodeEvent('CouponListed', {
      coupon: coupon.coupon,
      listing: coupon.listing,
      promotion: coupon.of.promotion,
      seller: coupon.owner,
      price: coupon.price,
      revision: coupon.revision,
      listedAt: this.#now(),
    });
  }

  #cancelledEvent(coupon: Coupon) {
    coupon.revision++;
    return encodeEvent('ListingCancelled', {
      coupon: coupon.coupon,
      listing: coupon.listing,
      promotion: coupon.of.promotion,
      seller: coupon.owner,
      revision: coupon.revision,
      cancelledAt: this.#now(),
    });
  }

  #changePrice() {
    const coupon = this.#pick(this.#listed);
    return shaped('ListCoupon', [], 3791, [this.#cancelledEvent(coupon), this.#listedEvent(coupon)]);
  }

  #cancel() {
    const coupon = this.#take(this.#listed);
    this.#held.push(coupon);
    return shaped('CancelListing', ['token'], 4323, [this.#cancelledEvent(coupon)]);
  }

  #buy() {
    const coupon = this.#take(this.#listed);
    this.#held.push(coupon);
    const { of: promotion } = coupon;
    const seller = coupon.owner;
    coupon.owner = this.#pick(this.#wallets);
    coupon.revision++;
    coupon.transfers++;
    promotion.revision++;
    promotion.sales++;
    promotion.salesVolume += coupon.price;
    return shaped('BuyCoupon', ['system', 'system', 'token'], 14_483, [
      encodeEvent('CouponSold', {
        coupon: coupon.coupon,
        listing: coupon.listing,
        promotion: promotion.promotion,
        merchant: promotion.owner.merchant,
        seller,
        buyer: coupon.owner,
        price: coupon.price,
        fee: coupon.price / 40n,
        revision: coupon.revision,
        promotionRevision: promotion.revision,
        promotionSales: promotion.sales,
        promotionSalesVolume: promotion.salesVolume,
        transfers: coupon.transfers,
        soldAt: this.#now(),
      }),
    ]);
  }

  #redeem() {
    const coupon = this.#take(this.#held);
    this.#redeemed.push(coupon);
    const { of: promotion } = coupon;
    coupon.revision++;
    promotion.revision++;
    promotion.redeemed++;
    return shaped('RedeemCoupon', ['token'], 6259, [
      encodeEvent('CouponRedeemed', {
        coupon: coupon.coupon,
        promotion: promotion.promotion,
        merchant: promotion.owner.merchant,
        owner: coupon.owner,
        revision: coupon.revision,
        promotionRevision: promotion.revision,
        promotionRedeemed: promotion.redeemed,
        redeemedAt: this.#now(),
      }),
    ]);
  }

  #close() {
    const coupon = this.#take(this.#redeemed);
    const { of: promotion } = coupon;
    coupon.revision++;
    promotion.revision++;
    promotion.closedCoupons++;
    return shaped('CloseCoupon', [], 2950, [
      encodeEvent('CouponClosed', {
        coupon: coupon.coupon,
        promotion: promotion.promotion,
        owner: coupon.owner,
        mint: coupon.mint,
        revision: coupon.revision,
        promotionRevision: promotion.revision,
        promotionClosedCoupons: promotion.closedCoupons,
        closedAt: this.#now(),
      }),
    ]);
  }

  #rate() {
    const promotion = this.#livelyPromotion();
    const rater = this.#pick(this.#wallets);
    const rating = promotion.ratings.get(rater) ?? { rating: this.#address(), stars: 0, revision: 0n };
    promotion.ratings.set(rater, rating);
    const previousStars = rating.stars;
    rating.stars = 1 + Math.floor(this.#random() * 5);
    rating.revision++;
    promotion.revision++;
    if (previousStars === 0) promotion.ratingCount++;
    promotion.ratingSum += BigInt(rating.stars - previousStars);
    return shaped('RatePromotion', ['system'], 4972, [
      encodeEvent('PromotionRated', {
        rating: rating.rating,
        promotion: promotion.promotion,
        rater,
        stars: rating.stars,
        previousStars,
        revision: rating.revision,
        promotionRevision: promotion.revision,
        promotionRatingCount: promotion.ratingCount,
        promotionRatingSum: promotion.ratingSum,
        ratedAt: this.#now(),
      }),
    ]);
  }

  #comment() {
    const promotion = this.#livelyPromotion();
    promotion.revision++;
    const index = promotion.comments++;
    return shaped('AddComment', ['system'], 10_971, [
      encodeEvent('CommentAdded', {
        comment: this.#address(),
        promotion: promotion.promotion,
        author: this.#pick(this.#wallets),
        index,
        text: 'Good coffee, friendly people, and the queue moves fast.',
        revision: 1n,
        promotionRevision: promotion.revision,
        promotionCommentCount: promotion.comments,
        createdAt: this.#now(),
      }),
    ]);
  }

  #livelyPromotion(): Promotion {
    const newest = Math.min(LIVELY_PROMOTIONS, this.#promotions.length);
    const at = this.#promotions.length - 1 - Math.floor(this.#random() * newest);
    return this.#promotions[at] ?? this.#pick(this.#promotions);
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.#random() * from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  /** Picks one and takes it out. */
  #take<T>(from: T[]): T {
    const at = Math.floor(this.#random() * from.length);
    const last = from.pop();
    if (last === undefined) throw new Error('nothing to take');
    if (at === from.length) return last;
    const taken = from[at] as T;
    from[at] = last;
    return taken;
  }

  #address(): string {
    return bs58.encode(this.#bytes(32));
  }

  #bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = Math.floor(this.#random() * 256);
    return bytes;
  }

  #slot(): number {
    return FIRST_SLOT + Math.floor(this.#transactions / TRANSACTIONS_PER_SLOT);
  }

  #now(): bigint {
    return FIRST_SECOND + BigInt(Math.floor((this.#slot() - FIRST_SLOT) / SLOTS_PER_SECOND));
  }
}

function shaped(instruction: string, calls: LogShape['calls'], units: number, events: readonly Buffer[]) {
  return { shape: { instruction, calls, units }, events };
}
