import { Keypair, type AccountMeta, type PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pda, refusal, startCouponsChain, type Landed } from './coupons-chain.js';
import { openShop, type Shop } from './shop.js';

/** What a node keeps of a transaction's logs unless told otherwise (agave `LOG_MESSAGES_BYTES_LIMIT`). */
const LOG_LIMIT_BYTES = 10_000;
const PACKET_BYTES = 1_232;
const COMPUTE_UNITS = 600_000;

let chain: Awaited<ReturnType<typeof startCouponsChain>>;

beforeAll(async () => {
  chain = await startCouponsChain();
});

afterAll(() => chain.stop());

function accountsOf(promotion: PublicKey, firstSerial: number, recipients: PublicKey[]): AccountMeta[] {
  return recipients.flatMap((recipient, index) => {
    const coupon = pda.coupon(promotion, firstSerial + index);
    return [
      { pubkey: coupon, isSigner: false, isWritable: true },
      { pubkey: pda.mint(coupon), isSigner: false, isWritable: true },
      { pubkey: pda.token(coupon), isSigner: false, isWritable: true },
      { pubkey: recipient, isSigner: false, isWritable: false },
    ];
  });
}

function mintBatch(shop: Shop, recipients: PublicKey[], count = recipients.length): Promise<Landed> {
  return chain.coupons('mintCouponsBatch', {
    args: [count],
    accounts: { promotion: shop.promotion },
    remaining: accountsOf(shop.promotion, 0, recipients),
    signers: [shop.authority],
    computeUnitLimit: COMPUTE_UNITS,
  });
}

function wallets(count: number): PublicKey[] {
  return Array.from({ length: count }, () => Keypair.generate().publicKey);
}

it('five coupons for five wallets fit a legacy transaction and the log a node keeps', async () => {
  const shop = await openShop(chain);
  const recipients = wallets(5);
  const landed = await mintBatch(shop, recipients);

  expect(landed.wireBytes).toBeLessThanOrEqual(PACKET_BYTES);
  expect(landed.logBytes).toBeLessThanOrEqual(LOG_LIMIT_BYTES);
  expect(landed.logs).not.toContain('Log truncated');
  expect(landed.events.map(({ name, data }) => ({ name, ...data }))).toEqual(
    recipients.map(
      (recipient, serial): unknown => expect.objectContaining({
        name: 'couponMinted',
        coupon: pda.coupon(shop.promotion, serial).toBase58(),
        owner: recipient.toBase58(),
        serial,
        revision: 1n,
        promotionMinted: serial + 1,
        promotionRevision: BigInt(serial + 2),
      }),
    ),
  );
  expect(await chain.fetch('promotion', shop.promotion)).toMatchObject({ minted: 5, revision: 6n });
});

it('eight coupons for one wallet fit them too', async () => {
  const shop = await openShop(chain);
  const [recipient] = wallets(1) as [PublicKey];
  const landed = await mintBatch(shop, Array<PublicKey>(8).fill(recipient));

  expect(landed.wireBytes).toBeLessThanOrEqual(PACKET_BYTES);
  expect(landed.logBytes).toBeLessThanOrEqual(LOG_LIMIT_BYTES);
  expect(landed.events.map(({ data }) => data['serial'])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(await chain.fetch('promotion', shop.promotion)).toMatchObject({ minted: 8, revision: 9n });
});

it('a batch is 1 to 8 coupons, four accounts each, and all or nothing', async () => {
  const shop = await openShop(chain, { maxSupply: 2 });
  const [recipient] = wallets(1) as [PublicKey];
  const attempt = (accounts: number, count: number) =>
    refusal(mintBatch(shop, Array<PublicKey>(accounts).fill(recipient), count));
  expect(await attempt(0, 0)).toBe('InvalidBatch');
  expect(await attempt(1, 9)).toBe('InvalidBatch');
  expect(await attempt(2, 1)).toBe('InvalidBatch');
  expect(await attempt(1, 2)).toBe('InvalidBatch');
  expect(await attempt(3, 3)).toBe('SupplyExhausted');
  expect(await chain.fetch('promotion', shop.promotion)).toMatchObject({ minted: 0, revision: 1n });
});
