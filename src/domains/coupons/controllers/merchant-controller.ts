import { z } from 'zod';
import { defineCommand, signerFor } from '../../../domain-kit/command.js';
import { signerField, textField } from '../../../domain-kit/command-fields.js';
import { Merchant } from '../models.js';
import { couponsProgram } from './coupons-program.js';

/** Commands about merchants. */
export const MerchantController = {
  register: defineCommand({
    name: 'MerchantController.register',
    method: 'post',
    path: '/merchants',
    summary: 'Registers a merchant, one for each authority',
    params: z.strictObject({}),
    body: z.strictObject({
      authority: signerField('The merchant'),
      name: textField('Name of the shop', 1, 50),
      category: textField('What it sells', 1, 30),
    }),
    build: async ({ body }, context) => {
      const { at, instruction } = couponsProgram(context);
      const authority = signerFor(context, 'authority', body.authority);
      const merchant = at.merchant(authority);
      return {
        instructions: [
          instruction('register_merchant', { name: body.name, category: body.category }, { merchant, authority }),
        ],
        signers: [authority],
        address: merchant,
        addresses: { merchant, authority },
        documents: [{ model: Merchant, key: merchant }],
      };
    },
  }),
};
