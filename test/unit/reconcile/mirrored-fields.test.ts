import { expect, it } from 'vitest';
import { Comment, Coupon, Merchant, Promotion, Sale } from '../../../src/domains/coupons/models.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { ownDomains } from '../../../src/domains/registry.js';
import { stateModels } from '../../../src/domain-kit/domain-module.js';
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';
import { defineState } from '../../../src/domain-kit/model.js';
import { field } from '../../../src/domain-kit/field.js';
import { fact, state } from '../../../src/domain-kit/writes.js';
import { mirroredFields } from '../../../src/reconcile/mirrored-fields.js';
import { couponsCodec } from '../../support/coupon-history-render.js';

it.each(ownDomains({ redPacketsCrown: 'always', stakeVaultAddress: null }))(
  'the doctor has nothing to say of what ships: each state model of $module.name that says so mirrors accounts (003-17)',
  ({ module }) => {
    const mirrored = mirroredFields(module, compileProgramCodec(module.program.idl, module.program.address));
    expect(new Set(mirrored.keys())).toEqual(new Set(stateModels(module).filter((model) => model.mirrorsAccounts)));
  },
);

it('knows the fields that the account of every state says, and no fact', () => {
  const mirrored = mirroredFields(coupons, couponsCodec);
  expect([...mirrored.keys()].map(({ collection }) => collection).sort()).toEqual([
    'comments',
    'coupons',
    'listings',
    'merchants',
    'promotions',
    'ratings',
  ]);
  expect(mirrored.get(Coupon)).toEqual(new Set(Object.keys(Coupon.fields)));
  // A result across documents is no account's to say.
  expect(mirrored.get(Promotion)).not.toContain('floorPrice');
});

it('puts together what several accounts say of one model', () => {
  const Shop = defineState('shops', { name: field.text(), text: field.text() });
  const module = {
    ...coupons,
    accounts: {
      Merchant: (address: string) => state(Shop, address, { name: '' }),
      Comment: (address: string) => state(Shop, address, { text: '' }),
    },
  };
  expect(mirroredFields(module, couponsCodec)).toEqual(new Map([[Shop, new Set(['name', 'text'])]]));
});

it('leaves out a handler that writes no state, and an account the IDL does not have', () => {
  const { Merchant: merchant } = coupons.accounts;
  const module = {
    ...coupons,
    accounts: {
      Merchant: merchant ?? (() => fact(Sale, { id: '' }, {} as never)),
      Comment: () => fact(Sale, { id: 'A' }, {} as never),
      Voucher: (address: string) => state(Comment, address, { text: '' }),
    },
  };
  expect([...mirroredFields(module, couponsCodec).keys()]).toEqual([Merchant]);
});

it('refuses a handler that cannot take zeros: nobody would compare its documents (003-8)', () => {
  const refuse = () => {
    throw new Error('no coupon has no owner');
  };
  expect(() => mirroredFields({ ...coupons, accounts: { Coupon: refuse } }, couponsCodec)).toThrow(
    'coupons: the account handler Coupon throws where every field of the account is zero (no coupon has no owner)',
  );
});
