import { ComputeBudgetProgram, PublicKey, type AccountMeta } from '@solana/web3.js';
import { z } from 'zod';
import { defineCommand, signerFor } from '../../../domain-kit/command.js';
import { addressField, signerField } from '../../../domain-kit/command-fields.js';
import { Coupon, Promotion } from '../models.js';
import { couponsProgram } from './coupons-program.js';

/** Of the program: `MAX_BATCH` in programs/coupons/src/limits.rs. */
const MAX_BATCH = 8;
/** The most a transaction may ask for; an ordinary instruction gets 200,000, which a batch exceeds. */
const MAX_COMPUTE_UNITS = 1_400_000;
/** Another mint took the serial that was read: the coupon's address is no longer the next one. */
const serialTaken = () => ['ConstraintSeeds'];
const serialTurn = ({ promotion }: { promotion: string }) => `serial of ${promotion}`;

const couponParams = z.strictObject({ coupon: addressField('The coupon') });
const promotionField = addressField('The promotion');

/** Commands about coupons. */
export const CouponController = {
  mint: defineCommand({
    name: 'CouponController.mint',
    method: 'post',
    path: '/coupons',
    summary: "Mints a promotion's next coupon to any wallet",
    params: z.strictObject({}),
    body: z.strictObject({
      authority: signerField('The merchant'),
      promotion: promotionField,
      recipient: addressField('Who gets the coupon'),
    }),
    build: async ({ body: { promotion, recipient, authority: named } }, context) => {
      const { at, instruction, read } = couponsProgram(context);
      const authority = signerFor(context, 'authority', named);
      const merchant = at.merchant(authority);
      const coupon = at.coupon(promotion, (await read('Promotion', promotion, 'promotion')).minted);
      const mint = at.mint(coupon);
      const accounts = { merchant, promotion, coupon, mint, token_account: at.token(coupon), recipient, authority };
      return {
        instructions: [instruction('mint_coupon', {}, accounts)],
        signers: [authority],
        address: coupon,
        addresses: { coupon, promotion, mint },
        documents: [
          { model: Coupon, key: coupon },
          { model: Promotion, key: promotion },
        ],
      };
    },
    races: serialTaken,
    turn: serialTurn,
  }),

  mintBatch: defineCommand({
    name: 'CouponController.mintBatch',
    method: 'post',
    path: '/coupons/batch',
    summary: `Mints up to ${MAX_BATCH} coupons in one transaction`,
    params: z.strictObject({}),
    body: z.strictObject({
      authority: signerField('The merchant'),
      promotion: promotionField,
      recipients: z
        .array(addressField('Who gets the coupon'))
        .min(1, `must name 1 to ${MAX_BATCH} recipients`)
        .max(MAX_BATCH, `must name 1 to ${MAX_BATCH} recipients`)
        .meta({ description: 'One for each coupon, in serial order' }),
    }),
    build: async ({ body: { promotion, recipients, authority: named } }, context) => {
      const { at, instruction, read } = couponsProgram(context);
      const authority = signerFor(context, 'authority', named);
      const merchant = at.merchant(authority);
      const { minted } = await read('Promotion', promotion, 'promotion');
      const coupons = recipients.map((_, index) => at.coupon(promotion, minted + index));
      const remaining = coupons.flatMap((coupon, index) => [
        writable(coupon),
        writable(at.mint(coupon)),
        writable(at.token(coupon)),
        { ...writable(recipients[index] as string), isWritable: false },
      ]);
      const accounts = { merchant, promotion, authority };
      return {
        instructions: [
          ComputeBudgetProgram.setComputeUnitLimit({ units: MAX_COMPUTE_UNITS }),
          instruction('mint_coupons_batch', { count: coupons.length }, accounts, remaining),
        ],
        signers: [authority],
        address: coupons[0] as string,
        addresses: { coupons, promotion },
        documents: [...coupons.map((key) => ({ model: Coupon, key })), { model: Promotion, key: promotion }],
      };
    },
    races: serialTaken,
    turn: serialTurn,
  }),

  transfer: defineCommand({
    name: 'CouponController.transfer',
    method: 'post',
    path: '/coupons/:coupon/transfer',
    summary: 'Gives a coupon to any wallet',
    params: couponParams,
    body: z.strictObject({ owner: signerField('The holder'), recipient: addressField('Who gets the coupon') }),
    build: async ({ params: { coupon }, body }, context) => {
      const { at, instruction } = couponsProgram(context);
      const owner = signerFor(context, 'owner', body.owner);
      const accounts = {
        coupon,
        mint: at.mint(coupon),
        token_account: at.token(coupon),
        recipient: body.recipient,
        owner,
      };
      return {
        instructions: [instruction('transfer_coupon', {}, accounts)],
        signers: [owner],
        address: coupon,
        addresses: { coupon },
        documents: [{ model: Coupon, key: coupon }],
      };
    },
  }),

  redeem: defineCommand({
    name: 'CouponController.redeem',
    method: 'post',
    path: '/coupons/:coupon/redeem',
    summary: "Burns a coupon at its merchant's; the holder and the merchant sign",
    params: couponParams,
    body: z.strictObject({
      owner: signerField('The holder'),
      merchantAuthority: signerField('The merchant'),
    }),
    build: async ({ params: { coupon }, body }, context) => {
      const { at, instruction, read } = couponsProgram(context);
      const owner = signerFor(context, 'owner', body.owner);
      const merchantAuthority = signerFor(context, 'merchantAuthority', body.merchantAuthority);
      const { promotion } = await read('Coupon', coupon, 'coupon');
      const accounts = {
        coupon,
        promotion,
        merchant: at.merchant(merchantAuthority),
        mint: at.mint(coupon),
        token_account: at.token(coupon),
        owner,
        merchant_authority: merchantAuthority,
      };
      return {
        instructions: [instruction('redeem_coupon', {}, accounts)],
        signers: [owner, merchantAuthority],
        address: coupon,
        addresses: { coupon, promotion },
        documents: [
          { model: Coupon, key: coupon },
          { model: Promotion, key: promotion },
        ],
      };
    },
  }),

  close: defineCommand({
    name: 'CouponController.close',
    method: 'post',
    path: '/coupons/:coupon/close',
    summary: 'Removes a used or expired coupon and returns its rent to its owner',
    params: couponParams,
    body: z.strictObject({ owner: signerField('The holder') }),
    build: async ({ params: { coupon }, body }, context) => {
      const { at, instruction, read } = couponsProgram(context);
      const owner = signerFor(context, 'owner', body.owner);
      const { promotion } = await read('Coupon', coupon, 'coupon');
      const accounts = { coupon, promotion, mint: at.mint(coupon), token_account: at.token(coupon), owner };
      return {
        instructions: [instruction('close_coupon', {}, accounts)],
        signers: [owner],
        address: coupon,
        addresses: { coupon, promotion },
        documents: [
          { model: Coupon, key: coupon },
          { model: Promotion, key: promotion },
        ],
      };
    },
  }),
};

function writable(address: string): AccountMeta {
  return { pubkey: new PublicKey(address), isSigner: false, isWritable: true };
}
