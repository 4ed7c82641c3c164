import { z } from 'zod';
import { defineCommand, signerFor } from '../../../domain-kit/command.js';
import { addressField, integerField, signerField, textField } from '../../../domain-kit/command-fields.js';
import { Comment, Promotion, Rating } from '../models.js';
import { couponsProgram } from './coupons-program.js';

const promotionField = addressField('The promotion');

/** Commands about ratings. */
export const RatingController = {
  rate: defineCommand({
    name: 'RatingController.rate',
    method: 'post',
    path: '/ratings',
    summary: "Rates a promotion; a second rating replaces the wallet's first",
    params: z.strictObject({}),
    body: z.strictObject({
      rater: signerField('Who rates'),
      promotion: promotionField,
      stars: integerField('1 to 5', 1, 5),
    }),
    build: async ({ body: { promotion, stars, rater: named } }, context) => {
      const { at, instruction } = couponsProgram(context);
      const rater = signerFor(context, 'rater', named);
      const rating = at.rating(promotion, rater);
      return {
        instructions: [instruction('rate_promotion', { stars }, { promotion, rating, rater })],
        signers: [rater],
        address: rating,
        addresses: { rating, promotion },
        documents: [
          { model: Rating, key: rating },
          { model: Promotion, key: promotion },
        ],
      };
    },
  }),
};

/** Commands about comments. */
export const CommentController = {
  add: defineCommand({
    name: 'CommentController.add',
    method: 'post',
    path: '/comments',
    summary: 'Comments on a promotion',
    params: z.strictObject({}),
    body: z.strictObject({
      author: signerField('Who comments'),
      promotion: promotionField,
      text: textField('The comment', 1, 200),
    }),
    build: async ({ body: { promotion, text, author: named } }, context) => {
      const { at, instruction, read } = couponsProgram(context);
      const author = signerFor(context, 'author', named);
      const comment = at.comment(promotion, (await read('Promotion', promotion, 'promotion')).commentCount);
      return {
        instructions: [instruction('add_comment', { text }, { promotion, comment, author })],
        signers: [author],
        address: comment,
        addresses: { comment, promotion },
        documents: [
          { model: Comment, key: comment },
          { model: Promotion, key: promotion },
        ],
      };
    },
    // Another comment took the index that was read.
    races: () => ['ConstraintSeeds'],
    turn: ({ promotion }) => `comment on ${promotion}`,
  }),
};
