import bs58 from 'bs58';
import { pick, seededRandom } from '../../src/dev/seeded-random.js';
import { encodeAccount } from './encode-event.js';

/** An account of the coupons program as it stands on chain. */
export interface CouponAccount {
  readonly address: string;
  readonly data: Buffer;
}

const WALLETS = 2_000;
const PROMOTIONS_PER_MERCHANT = 10;
/** Of a promotion, beside itself: with it and a tenth of its merchant about a hundred accounts, most of them coupons. */
const COUPONS = 84;
/** The first of its coupons are for sale. */
const LISTINGS = 10;
const RATINGS = 3;
const COMMENTS = 2;
const STARS = 5;
const CREATED_AT = 1_790_000_000n;
const EXPIRES_AT = 1_890_000_000n;

/**
 * The accounts of a coupon marketplace, without end: of every kind there is, pointing at each other as the program's do. The
 * same seed gives the same accounts. Their addresses are not derived from seeds: nobody who reads them looks at that.
 */
export function* couponAccounts(seed: number): Generator<CouponAccount> {
  const random = seededRandom(seed);
  const address = () => bs58.encode(Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256)));
  const wallets = Array.from({ length: WALLETS }, address);
  const wallet = () => pick(wallets, random) ?? address();
  for (;;) {
    const merchant = address();
    yield {
      address: merchant,
      data: encodeAccount('Merchant', {
        ...{ revision: BigInt(PROMOTIONS_PER_MERCHANT) + 1n, authority: wallet(), name: 'Corner Coffee' },
        ...{ category: 'food.coffee', promotionCount: BigInt(PROMOTIONS_PER_MERCHANT) },
        ...{ activePromotions: BigInt(PROMOTIONS_PER_MERCHANT), registeredAt: CREATED_AT, bump: 255 },
      }),
    };
    for (let id = 0; id < PROMOTIONS_PER_MERCHANT; id++)
      yield* promotionAccounts(merchant, BigInt(id), address, wallet);
  }
}

function* promotionAccounts(
  merchant: string,
  promotionId: bigint,
  address: () => string,
  wallet: () => string,
): Generator<CouponAccount> {
  const promotion = address();
  yield {
    address: promotion,
    data: encodeAccount('Promotion', {
      ...{ revision: BigInt(COUPONS + RATINGS + COMMENTS), merchant, promotionId, title: 'Two for one, all day' },
      ...{ description: 'Any drink on the card; not on public holidays.', discountBps: 5_000, maxSupply: 1_000 },
      ...{ minted: COUPONS, redeemed: 0, closedCoupons: 0, resaleFeeBps: 250, expiresAt: EXPIRES_AT },
      ...{ status: 'active', ratingCount: RATINGS, ratingSum: BigInt(RATINGS * STARS), commentCount: COMMENTS },
      ...{ sales: 0, salesVolume: 0n, createdAt: CREATED_AT, bump: 254 },
    }),
  };
  for (let serial = 0; serial < COUPONS; serial++) {
    const coupon = address();
    const isListed = serial < LISTINGS;
    const owner = wallet();
    yield {
      address: coupon,
      data: encodeAccount('Coupon', {
        ...{ revision: isListed ? 2n : 1n, promotion, merchant, mint: address(), owner, serial },
        ...{ status: isListed ? 'listed' : 'active', transfers: 0, mintedAt: CREATED_AT, redeemedAt: 0n, bump: 253 },
      }),
    };
    if (!isListed) continue;
    yield {
      address: address(),
      data: encodeAccount('Listing', {
        ...{ revision: 1n, coupon, promotion, seller: owner, price: BigInt(1_000_000 + serial), bump: 252 },
        listedAt: CREATED_AT,
      }),
    };
  }
  for (let rating = 0; rating < RATINGS; rating++) {
    yield {
      address: address(),
      data: encodeAccount('Rating', {
        ...{ revision: 1n, promotion, rater: wallet(), stars: STARS, ratedAt: CREATED_AT, bump: 251 },
      }),
    };
  }
  for (let index = 0; index < COMMENTS; index++) {
    yield {
      address: address(),
      data: encodeAccount('Comment', {
        ...{ revision: 1n, promotion, author: wallet(), index, text: 'Good coffee, friendly people.' },
        ...{ createdAt: CREATED_AT, bump: 250 },
      }),
    };
  }
}
