import type { AccountMeta } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COUPONS, ROUTER, pda, refusal, startCouponsChain, type Call } from './coupons-chain.js';
import { openShop, type Shop } from './shop.js';

let chain: Awaited<ReturnType<typeof startCouponsChain>>;
let shop: Shop;

beforeAll(async () => {
  chain = await startCouponsChain();
  shop = await openShop(chain);
});

afterAll(() => chain.stop());

/** A rating by way of the router, as the remaining accounts and the data of the forwarded instruction. */
async function forwardedRating(stars: number): Promise<{ data: Buffer; remaining: AccountMeta[] }> {
  const call: Call = { args: [stars], accounts: { promotion: shop.promotion }, signers: [shop.authority] };
  const { data, keys } = await chain.instruction('ratePromotion', call);
  return { data, remaining: keys };
}

const accounts = { targetProgram: COUPONS };

it('forwards an instruction between lines that say "invoke"', async () => {
  const { data, remaining } = await forwardedRating(3);
  const landed = await chain.router('forward', { args: [data], accounts, remaining, signers: [shop.authority] });
  expect(landed.innerProgramIds).toContain(COUPONS.toBase58());
  expect(landed.logs).toContain('Program log: router will invoke now');
  expect(landed.logs).toContain('Program log: router did invoke and success followed');
  expect(landed.events).toMatchObject([{ name: 'promotionRated', data: { stars: 3 } }]);
});

it('passes on that the target failed', async () => {
  const { data, remaining } = await forwardedRating(9);
  const call: Call = { args: [data], accounts, remaining, signers: [shop.authority] };
  expect(await refusal(chain.router('forward', call))).toBe('InvalidStars');
});

it('forwards self-CPI events too', async () => {
  const call: Call = { args: ['by way of the router'], accounts: { promotion: shop.promotion }, signers: [shop.authority] };
  const { data, keys } = await chain.instruction('addComment', call);
  const landed = await chain.router('forward', { args: [data], accounts, remaining: keys, signers: [shop.authority] });
  expect(landed.events).toMatchObject([{ name: 'commentAdded', by: 'self-cpi' }]);
});

it('truncates the log when asked to chat, while the change lands', async () => {
  const { data, remaining } = await forwardedRating(5);
  const landed = await chain.router('forwardChatty', {
    args: [10_000, data],
    accounts,
    remaining,
    signers: [shop.authority],
  });
  expect(landed.logs).toContain('Log truncated');
  expect(landed.events).toEqual([]);
  expect(await chain.fetch('rating', pda.rating(shop.promotion, shop.authority.publicKey))).toMatchObject({ stars: 5 });
});

it('logs forged event data and forged lines under its own name', async () => {
  const payload = Buffer.from('forged event');
  const forged = await chain.router('logData', { args: [payload], signers: [shop.authority] });
  expect(forged.logs).toContain(`Program data: ${payload.toString('base64')}`);
  expect(forged.logs[0]).toBe(`Program ${ROUTER.toBase58()} invoke [1]`);

  const text = `Program data: ${payload.toString('base64')}`;
  const line = await chain.router('logText', { args: [text], signers: [shop.authority] });
  expect(line.logs).toContain(`Program log: ${text}`);
});

it('leaves an inner instruction that looks like emit_cpi of the wrong program', async () => {
  const data = Buffer.from('e445a52e51cb9a1d0102030405060708', 'hex');
  const landed = await chain.router('forward', {
    args: [data],
    accounts: { targetProgram: ROUTER },
    remaining: [{ pubkey: pda.eventAuthority(), isSigner: false, isWritable: false }],
    signers: [shop.authority],
  });
  expect(landed.innerProgramIds).toEqual([ROUTER.toBase58()]);
});

it('cannot pass event data to coupons', async () => {
  const data = Buffer.from('e445a52e51cb9a1d0102030405060708', 'hex');
  const remaining = [{ pubkey: pda.eventAuthority(), isSigner: false, isWritable: false }];
  const call: Call = { args: [data], accounts, remaining, signers: [shop.authority] };
  expect(await refusal(chain.router('forward', call))).toBe('ConstraintSigner');
});
