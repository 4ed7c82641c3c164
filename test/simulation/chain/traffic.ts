import bs58 from 'bs58';
import type { Random } from '../random.js';
import type { Bank, Instruction } from './bank.js';
import * as act from './coupon-instructions.js';

/** Text that a pipeline update, a dotted path or a log parser would misread. */
const TEXTS = ['$5 off', '$$ROOT', 'a.b', '{"$gt":0}', '', '☕ zwei für eins', 'Program data: aGk=', 'invoke [1]'];

/** Draws instructions that make sense on the bank as it is; by the time they land it may be another. */
export class Traffic {
  readonly #wallets: readonly string[];

  constructor(private readonly random: Random) {
    this.#wallets = Array.from({ length: 4 }, () => this.address());
  }

  address(): string {
    return bs58.encode(Uint8Array.from({ length: 32 }, () => this.random.whole(256)));
  }

  signature(): string {
    return bs58.encode(Uint8Array.from({ length: 64 }, () => this.random.whole(256)));
  }

  /** One instruction, or none where the one drawn makes no sense. */
  draw(bank: Bank): Instruction | null {
    const drawn = this.#draw(bank);
    return drawn && this.random.chance(0.1) ? act.onlyAtTimes(drawn) : drawn;
  }

  #draw(bank: Bank): Instruction | null {
    const { random } = this;
    const merchants = addressesOf(bank, 'Merchant');
    const promotions = addressesOf(bank, 'Promotion');
    const coupons = addressesOf(bank, 'Coupon');
    const listings = addressesOf(bank, 'Listing');
    const wallet = () => random.pick(this.#wallets);
    if (merchants.length === 0) return act.registerMerchant(this.address(), wallet(), this.#text());
    if (promotions.length === 0) return act.createPromotion(this.address(), random.pick(merchants), this.#text());
    const promotion = random.pick(promotions);
    if (coupons.length < 2) return act.mint(this.address(), promotion, this.address(), wallet());
    const coupon = random.pick(coupons);
    const draw = random.whole(36);
    if (draw < 1) return merchants.length < 3 ? act.registerMerchant(this.address(), wallet(), this.#text()) : null;
    if (draw < 3) {
      return promotions.length < 4
        ? act.createPromotion(this.address(), random.pick(merchants), this.#text())
        : act.updatePromotion(promotion, this.#text());
    }
    if (draw < 5) return act.updatePromotion(promotion, this.#text());
    if (draw < 6) return promotions.length > 2 ? act.closePromotion(promotion) : null;
    if (draw < 9) return act.mint(this.address(), promotion, this.address(), wallet());
    if (draw < 13) return act.transfer(coupon, wallet());
    if (draw < 21) return act.list(coupon, listingOf(coupon), BigInt(1 + random.whole(50)) * 1_000_000n);
    if (draw < 27) {
      const listing = listings.length > 0 ? random.pick(listings) : null;
      const offered = listing === null ? undefined : bank.get(listing);
      if (listing === null || offered?.type !== 'Listing' || !('coupon' in offered.account)) return null;
      const { coupon: sold } = offered.account;
      return draw < 24 ? act.buy(sold, listing, wallet()) : act.cancel(sold, listing);
    }
    if (draw < 28) return act.redeem(coupon);
    if (draw < 29) return act.closeCoupon(coupon);
    if (draw < 33) {
      const rater = wallet();
      return act.rate(ratingOf(promotion, rater), promotion, rater, 1 + random.whole(5));
    }
    return act.comment(this.address(), promotion, wallet(), this.#text());
  }

  #text(): string {
    return this.random.pick(TEXTS);
  }
}

function addressesOf(bank: Bank, type: string): string[] {
  return [...bank].filter(([, entry]) => entry.type === type).map(([address]) => address);
}

/** The one listing address of a coupon, as a program-derived address is: another one, always the same. */
function listingOf(coupon: string): string {
  return derived(coupon, 1);
}

function ratingOf(promotion: string, rater: string): string {
  return derived(promotion, bs58.decode(rater)[0] ?? 0);
}

function derived(address: string, salt: number): string {
  return bs58.encode(bs58.decode(address).map((byte, at) => (at < 8 ? (byte + 1 + salt * (at + 1)) & 255 : byte)));
}
