import { expect, it } from 'vitest';
import { encodeAccount } from '../../../scripts/bench/encode-event.js';
import { Comment, Sale } from '../../../src/domains/coupons/models.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { fact } from '../../../src/domain-kit/writes.js';
import type { AccountInfo } from '../../../src/chain/chain-port.js';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { readingOf } from '../../../src/reconcile/account-reading.js';
import { couponsCodec } from '../../support/coupon-history-render.js';

const ADDRESS = '1'.repeat(32);
const comment = {
  revision: 3n,
  promotion: ADDRESS,
  author: ADDRESS,
  index: 2,
  text: '$5 off',
  createdAt: 60n,
  bump: 1,
};
const account: AccountInfo = {
  owner: couponsCodec.programId,
  lamports: 1n,
  data: encodeAccount('Comment', comment),
};

const read = (info: AccountInfo | null, module: DomainModule = coupons) =>
  readingOf(module, couponsCodec, ADDRESS, info, 7);

it('is what the handler makes of the account', () => {
  const reading = read(account);
  expect(reading).toMatchObject({ slot: 7, info: account });
  expect(reading.write).toMatchObject({ model: Comment, key: ADDRESS, revision: 3n });
  expect(reading.write?.patch).toMatchObject({ text: '$5 off', index: 2, createdAt: new Date(60_000) });
});

it('reads nothing where there is no account, or another program has its address', () => {
  const nothing = { slot: 7, info: null, write: null, isUnreadable: false };
  expect(read(null)).toEqual(nothing);
  expect(read({ ...account, owner: ADDRESS })).toEqual(nothing);
});

it.each([
  ['cannot be decoded', account.data.slice(0, 20)],
  ['is of no type the IDL knows', new Uint8Array(200)],
  ['is empty', new Uint8Array()],
])('mirrors nothing of one of ours that %s, and does not take it for gone (I5)', (_, data) => {
  const info = { ...account, data };
  expect(read(info)).toEqual({ slot: 7, info, write: null, isUnreadable: true });
});

it.each([
  ['has no handler', {}, false],
  [
    'has one that throws',
    {
      Comment: () => {
        throw new Error('no comment');
      },
    },
    true,
  ],
  ['has one that writes no state', { Comment: () => fact(Sale, { id: 'A' }, {} as never) }, false],
] as const)('mirrors nothing of one that %s', (_, accounts, isUnreadable) => {
  expect(read(account, { ...coupons, accounts })).toEqual({
    ...{ slot: 7, info: account, write: null, isUnreadable },
  });
});
