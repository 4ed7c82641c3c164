import { expect, it } from 'vitest';
import type { CouponsEvents } from '../../../../idl/coupons.js';
import type { Write } from '../../../../src/domain-kit/writes.js';
import { timeFrom } from '../../../../src/domain-kit/chain-time.js';
import { averageRating } from '../../../../src/domains/coupons/derived.js';
import { coupons } from '../../../../src/domains/coupons/module.js';

/** What the handler of an event makes of it, in short. */
function writesOf<N extends keyof CouponsEvents>(name: N, data: CouponsEvents[N]): unknown[] {
  const writes = coupons.events[name]?.({ id: 'sig/log/0', name, signature: 'sig', slot: 7, data }) ?? [];
  return writes.map(short);
}

function short(write: Write): unknown {
  const { collection } = write.model;
  if (write.kind === 'fact') return [`fact ${collection}`, write.key, write.fields];
  if (write.kind === 'close') return [`close ${collection}`, write.key, write.revision];
  return [collection, write.key, write.revision, write.patch];
}

const T = 1_700_000_000n;
const time = timeFrom(T);
const promotion = { promotion: 'P', promotionRevision: 9n } as const;

it('takes the end of time on chain for the end of time, in either direction', () => {
  expect(timeFrom(1_700_000_000n)).toEqual(new Date('2023-11-14T22:13:20.000Z'));
  expect(timeFrom(2n ** 63n - 1n).getTime()).toBe(8.64e15);
  expect(timeFrom(-(2n ** 63n)).getTime()).toBe(-8.64e15);
});

it('has a handler for every event of the IDL and an account handler for every account', () => {
  expect(Object.keys(coupons.events).sort()).toEqual((coupons.program.idl.events ?? []).map(({ name }) => name).sort());
  expect(Object.keys(coupons.accounts).sort()).toEqual(
    (coupons.program.idl.accounts ?? []).map(({ name }) => name).sort(),
  );
});

it('MerchantRegistered opens a merchant', () => {
  const fixed = { authority: 'A', name: '$5 off', category: 'a.b', revision: 1n };
  expect(writesOf('MerchantRegistered', { ...fixed, merchant: 'M', registeredAt: T })).toEqual([
    ['merchants', 'M', 1n, { ...fixed, registeredAt: time, promotionCount: 0n, activePromotions: 0n }],
  ]);
});

it('PromotionCreated opens a promotion and counts it for its merchant', () => {
  const fixed = {
    ...{ merchant: 'M', revision: 1n, promotionId: 3n, title: 't', description: 'd', discountBps: 1, maxSupply: 2 },
    resaleFeeBps: 4,
  };
  const counts = { merchantRevision: 5n, merchantPromotionCount: 6n, merchantActivePromotions: 7n };
  const zeros = { minted: 0, redeemed: 0, closedCoupons: 0, ratingCount: 0, ratingSum: 0n, commentCount: 0, sales: 0 };
  expect(writesOf('PromotionCreated', { ...fixed, ...counts, promotion: 'P', expiresAt: T, createdAt: T })).toEqual([
    [
      ...['promotions', 'P', 1n],
      { ...fixed, ...zeros, salesVolume: 0n, averageRating: null, status: 'active', expiresAt: time, createdAt: time },
    ],
    ['merchants', 'M', 5n, { promotionCount: 6n, activePromotions: 7n, revision: 5n }],
  ]);
});

it('PromotionUpdated and PromotionClosed change it', () => {
  const changed = { revision: 2n, title: 't', description: 'd', discountBps: 1, maxSupply: 2 };
  expect(
    writesOf('PromotionUpdated', { ...changed, promotion: 'P', merchant: 'M', expiresAt: T, updatedAt: T }),
  ).toEqual([['promotions', 'P', 2n, { ...changed, expiresAt: time }]]);
  const closed = { promotion: 'P', merchant: 'M', revision: 3n, merchantRevision: 4n, merchantActivePromotions: 0n };
  expect(writesOf('PromotionClosed', { ...closed, closedAt: T })).toEqual([
    ['promotions', 'P', 3n, { status: 'closed', revision: 3n }],
    ['merchants', 'M', 4n, { activePromotions: 0n, revision: 4n }],
  ]);
});

it('CouponMinted opens a coupon', () => {
  const fixed = { merchant: 'M', mint: 'K', owner: 'O', revision: 1n, serial: 4, promotion: 'P' };
  expect(writesOf('CouponMinted', { ...fixed, ...promotion, coupon: 'C', mintedAt: T, promotionMinted: 5 })).toEqual([
    ['coupons', 'C', 1n, { ...fixed, mintedAt: time, status: 'active', transfers: 0, redeemedAt: null }],
    ['promotions', 'P', 9n, { minted: 5, revision: 9n }],
  ]);
});

it('CouponTransferred, CouponRedeemed and CouponClosed move, use up and end it', () => {
  const moved = { coupon: 'C', promotion: 'P', from: 'A', to: 'B', revision: 2n, transfers: 1, transferredAt: T };
  expect(writesOf('CouponTransferred', moved)).toEqual([
    ['coupons', 'C', 2n, { owner: 'B', transfers: 1, revision: 2n }],
  ]);
  const redeemed = { ...promotion, coupon: 'C', merchant: 'M', owner: 'B', revision: 3n, promotionRedeemed: 1 };
  expect(writesOf('CouponRedeemed', { ...redeemed, redeemedAt: T })).toEqual([
    ['coupons', 'C', 3n, { status: 'redeemed', redeemedAt: time, revision: 3n }],
    ['promotions', 'P', 9n, { redeemed: 1, revision: 9n }],
  ]);
  const closed = { ...promotion, coupon: 'C', owner: 'B', mint: 'K', revision: 4n, promotionClosedCoupons: 1 };
  expect(writesOf('CouponClosed', { ...closed, closedAt: T })).toEqual([
    ['close coupons', 'C', 4n],
    ['promotions', 'P', 9n, { closedCoupons: 1, revision: 9n }],
  ]);
});

it('CouponListed, ListingCancelled and CouponSold open and close a listing', () => {
  const offer = { coupon: 'C', promotion: 'P', seller: 'S' };
  expect(
    writesOf('CouponListed', { ...offer, listing: 'L', price: 2n ** 64n - 1n, revision: 5n, listedAt: T }),
  ).toEqual([
    ['coupons', 'C', 5n, { status: 'listed', revision: 5n }],
    ['listings', 'L', 5n, { ...offer, price: 2n ** 64n - 1n, listedAt: time, revision: 5n }],
  ]);
  expect(writesOf('ListingCancelled', { ...offer, listing: 'L', revision: 6n, cancelledAt: T })).toEqual([
    ['coupons', 'C', 6n, { status: 'active', revision: 6n }],
    ['close listings', 'L', 6n],
  ]);
  const sale = { ...offer, merchant: 'M', buyer: 'B', price: 50n, fee: 1n };
  const counts = { ...promotion, promotionSales: 3, promotionSalesVolume: 70n, transfers: 2, revision: 7n };
  expect(writesOf('CouponSold', { ...sale, ...counts, listing: 'L', soldAt: T })).toEqual([
    ['coupons', 'C', 7n, { owner: 'B', status: 'active', transfers: 2, revision: 7n }],
    ['close listings', 'L', 7n],
    ['promotions', 'P', 9n, { sales: 3, salesVolume: 70n, revision: 9n }],
    ['fact sales', 'sig/log/0', { ...sale, soldAt: time, signature: 'sig', slot: 7 }],
  ]);
});

it('PromotionRated and CommentAdded keep an opinion and its sums', () => {
  const rating = { promotion: 'P', rater: 'R', stars: 4, revision: 2n };
  const sums = { ...promotion, promotionRatingCount: 3, promotionRatingSum: 11n, previousStars: 5 };
  expect(writesOf('PromotionRated', { ...rating, ...sums, rating: 'X', ratedAt: T })).toEqual([
    ['ratings', 'X', 2n, { ...rating, ratedAt: time }],
    ['promotions', 'P', 9n, { ratingCount: 3, ratingSum: 11n, averageRating: 3.67, revision: 9n }],
  ]);
  const comment = { promotion: 'P', author: 'R', index: 0, text: '$$ROOT', revision: 1n };
  expect(
    writesOf('CommentAdded', { ...comment, ...promotion, comment: 'X', promotionCommentCount: 1, createdAt: T }),
  ).toEqual([
    ['comments', 'X', 1n, { ...comment, createdAt: time }],
    ['promotions', 'P', 9n, { commentCount: 1, revision: 9n }],
  ]);
});

it('has no mean while nobody has rated', () => {
  expect([averageRating(0, 0n), averageRating(3, 11n), averageRating(2, 10n)]).toEqual([null, 3.67, 5]);
});
