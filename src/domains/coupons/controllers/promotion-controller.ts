import { z } from 'zod';
import { CommandRefused, defineCommand, signerFor, type CommandContext } from '../../../domain-kit/command.js';
import {
  addressField,
  integerField,
  signerField,
  textField,
  timeField,
  u64Field,
} from '../../../domain-kit/command-fields.js';
import { Merchant, Promotion } from '../models.js';
import { couponsProgram, type CouponsProgram } from './coupons-program.js';

const U32_MAX = 2 ** 32 - 1;
/** Ids beyond a merchant's count that are looked at for a free one before giving up. */
const ID_SEARCH = 16n;

const promotionParams = z.strictObject({ promotion: addressField('The promotion') });
const terms = {
  title: textField('Title', 1, 80),
  description: textField('Description', 0, 200),
  discountBps: integerField('Discount in basis points (100 = 1 %)', 1, 10_000),
  maxSupply: integerField('How many coupons there can be', 1, U32_MAX),
  expiresAt: timeField('When its coupons stop being valid'),
};

/** Commands about promotions. */
export const PromotionController = {
  create: defineCommand({
    name: 'PromotionController.create',
    method: 'post',
    path: '/promotions',
    summary: 'Opens a promotion',
    params: z.strictObject({}),
    body: z.strictObject({
      authority: signerField('The merchant'),
      promotionId: u64Field("Id among the merchant's promotions. Left out: the next free one.").optional(),
      ...terms,
      resaleFeeBps: integerField("The merchant's share of resales in basis points", 0, 2_000),
    }),
    build: ({ body, index }, context) => {
      const program = couponsProgram(context);
      const authority = signerFor(context, 'authority', body.authority);
      const merchant = program.at.merchant(authority);
      const promotionId = body.promotionId ?? index ?? 0n;
      const promotion = program.at.promotion(merchant, promotionId);
      const args = {
        promotion_id: promotionId,
        title: body.title,
        description: body.description,
        discount_bps: body.discountBps,
        max_supply: body.maxSupply,
        resale_fee_bps: body.resaleFeeBps,
        expires_at: body.expiresAt,
      };
      return Promise.resolve({
        instructions: [program.instruction('create_promotion', args, { merchant, promotion, authority })],
        signers: [authority],
        address: promotion,
        addresses: { promotion, merchant },
        documents: [
          { model: Promotion, key: promotion },
          { model: Merchant, key: merchant },
        ],
      });
    },
    // An id that the client chose is its own to know; only one that we chose can have been taken meanwhile.
    races: ({ promotionId }) => (promotionId === undefined ? ['PromotionAlreadyExists'] : []),
    numbers: {
      row: ({ body }, context) =>
        body.promotionId === undefined ? `promotion/${merchantOf(body.authority, context)}` : undefined,
      read: async ({ body }, context) => ({
        floor: 0n,
        next: await nextPromotionId(couponsProgram(context), merchantOf(body.authority, context)),
      }),
    },
  }),

  update: defineCommand({
    name: 'PromotionController.update',
    method: 'patch',
    path: '/promotions/:promotion',
    summary: 'Changes the terms that are given and leaves the others',
    params: promotionParams,
    body: z
      .strictObject({
        authority: signerField('The merchant'),
        title: terms.title.optional(),
        description: terms.description.optional(),
        discountBps: terms.discountBps.optional(),
        maxSupply: terms.maxSupply.optional(),
        expiresAt: terms.expiresAt.optional(),
      })
      .refine(({ authority: _, ...changes }) => Object.values(changes).some((value) => value !== undefined), {
        error: 'must have at least one of title, description, discountBps, maxSupply, expiresAt',
      }),
    build: async ({ params: { promotion }, body }, context) => {
      const { at, instruction } = couponsProgram(context);
      const authority = signerFor(context, 'authority', body.authority);
      const merchant = at.merchant(authority);
      const args = {
        title: body.title ?? null,
        description: body.description ?? null,
        discount_bps: body.discountBps ?? null,
        max_supply: body.maxSupply ?? null,
        expires_at: body.expiresAt ?? null,
      };
      return {
        instructions: [instruction('update_promotion', args, { merchant, promotion, authority })],
        signers: [authority],
        address: promotion,
        addresses: { promotion, merchant },
        documents: [{ model: Promotion, key: promotion }],
      };
    },
  }),

  close: defineCommand({
    name: 'PromotionController.close',
    method: 'post',
    path: '/promotions/:promotion/close',
    summary: 'Ends minting; coupons already minted stay valid',
    params: promotionParams,
    body: z.strictObject({ authority: signerField('The merchant') }),
    build: async ({ params: { promotion }, body }, context) => {
      const { at, instruction } = couponsProgram(context);
      const authority = signerFor(context, 'authority', body.authority);
      const merchant = at.merchant(authority);
      return {
        instructions: [instruction('close_promotion', {}, { merchant, promotion, authority })],
        signers: [authority],
        address: promotion,
        addresses: { promotion, merchant },
        documents: [
          { model: Promotion, key: promotion },
          { model: Merchant, key: merchant },
        ],
      };
    },
  }),
};

function merchantOf(authority: string | undefined, context: CommandContext): string {
  return couponsProgram(context).at.merchant(signerFor(context, 'authority', authority));
}

/** The first free id from the merchant's count on: ids below it are usually, but not necessarily, taken. */
async function nextPromotionId({ at, read, find }: CouponsProgram, merchant: string): Promise<bigint> {
  const { promotionCount } = await read('Merchant', merchant, 'authority');
  for (let id = promotionCount; id < promotionCount + ID_SEARCH; id++) {
    if ((await find('Promotion', at.promotion(merchant, id))) === null) return id;
  }
  throw new CommandRefused(
    'conflict',
    `The ids from ${promotionCount} to ${promotionCount + ID_SEARCH - 1n} are taken: name a free promotionId.`,
    'promotionId',
  );
}
