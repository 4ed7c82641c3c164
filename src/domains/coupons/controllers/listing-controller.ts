import { z } from 'zod';
import { defineCommand, signerFor } from '../../../domain-kit/command.js';
import { addressField, signerField, u64Field } from '../../../domain-kit/command-fields.js';
import { Coupon, Listing, Promotion } from '../models.js';
import { couponsProgram } from './coupons-program.js';

const listingParams = z.strictObject({ listing: addressField('The listing') });

/** It was sold or withdrawn since it was read. */
const listingGone = () => ['CouponNotListed', 'AccountNotInitialized', 'AccountOwnedByWrongProgram'];

/** Commands about listings. */
export const ListingController = {
  create: defineCommand({
    name: 'ListingController.create',
    method: 'post',
    path: '/listings',
    summary: 'Offers a coupon for sale, or changes the price of an offer',
    params: z.strictObject({}),
    body: z.strictObject({
      owner: signerField('The holder'),
      coupon: addressField('The coupon'),
      price: u64Field('Price in lamports', 1n),
    }),
    build: async ({ body: { coupon, price, owner: named } }, context) => {
      const { at, instruction, read } = couponsProgram(context);
      const owner = signerFor(context, 'owner', named);
      const { promotion } = await read('Coupon', coupon, 'coupon');
      const listing = at.listing(coupon);
      const accounts = { coupon, promotion, listing, mint: at.mint(coupon), token_account: at.token(coupon), owner };
      return {
        instructions: [instruction('list_coupon', { price }, accounts)],
        signers: [owner],
        address: listing,
        addresses: { listing, coupon, promotion },
        documents: [
          { model: Listing, key: listing },
          { model: Coupon, key: coupon },
        ],
      };
    },
  }),

  buy: defineCommand({
    name: 'ListingController.buy',
    method: 'post',
    path: '/listings/:listing/buy',
    summary: 'Buys a listed coupon',
    params: listingParams,
    body: z.strictObject({
      buyer: signerField('The buyer'),
      maxPrice: u64Field('The most to pay, in lamports: the price may change on the way', 1n),
    }),
    build: async ({ params: { listing }, body }, context) => {
      const { at, instruction, read } = couponsProgram(context);
      const buyer = signerFor(context, 'buyer', body.buyer);
      const { coupon, promotion, seller } = await read('Listing', listing, 'listing');
      const { merchant } = await read('Promotion', promotion, 'listing');
      const { authority } = await read('Merchant', merchant, 'listing');
      const accounts = {
        coupon,
        listing,
        promotion,
        merchant,
        mint: at.mint(coupon),
        token_account: at.token(coupon),
        seller,
        authority,
        buyer,
      };
      return {
        instructions: [instruction('buy_coupon', { max_price: body.maxPrice }, accounts)],
        signers: [buyer],
        address: coupon,
        addresses: { coupon, listing, promotion, seller },
        documents: [
          { model: Coupon, key: coupon },
          { model: Promotion, key: promotion },
        ],
      };
    },
    races: listingGone,
  }),

  cancel: defineCommand({
    name: 'ListingController.cancel',
    method: 'post',
    path: '/listings/:listing/cancel',
    summary: 'Takes a coupon off sale',
    params: listingParams,
    body: z.strictObject({ seller: signerField('The seller') }),
    build: async ({ params: { listing }, body }, context) => {
      const { at, instruction, read } = couponsProgram(context);
      const seller = signerFor(context, 'seller', body.seller);
      const { coupon, promotion } = await read('Listing', listing, 'listing');
      const accounts = { coupon, listing, mint: at.mint(coupon), token_account: at.token(coupon), seller };
      return {
        instructions: [instruction('cancel_listing', {}, accounts)],
        signers: [seller],
        address: coupon,
        addresses: { coupon, listing, promotion },
        documents: [{ model: Coupon, key: coupon }],
      };
    },
    races: listingGone,
  }),
};
