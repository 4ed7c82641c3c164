import type { Keypair, PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { COUPONS, pda, refusal, startCouponsChain, u64, type Call } from './coupons-chain.js';
import { list, mintTo, openShop, terms, termsAsArguments, type PromotionTerms, type Shop } from './shop.js';

/** Nobody can move a validator's clock: there an hour is as short as setting the scene allows. */
const TRAVELS = inject('sharedChain') === null;
const WAIT_SECONDS = 25n;

let chain: Awaited<ReturnType<typeof startCouponsChain>>;
/** A shop, an owner of its coupons and a stranger, which refused instructions leave as they are. */
let shop: Shop;
let owner: Keypair;
let stranger: Keypair;
let nextSerial = 0;

beforeAll(async () => {
  chain = await startCouponsChain();
  [shop, owner, stranger] = await Promise.all([openShop(chain), chain.wallet(), chain.wallet()]);
});

afterAll(() => chain.stop());

function refused(instruction: string, call: Call): Promise<string> {
  return refusal(chain.coupons(instruction, call));
}

function newCoupon(): Promise<PublicKey> {
  return mintTo(chain, shop, owner.publicKey, nextSerial++);
}

async function redeem(coupon: PublicKey, by: { owner?: Keypair; authority?: Keypair } = {}) {
  const holder = by.owner ?? owner;
  const authority = by.authority ?? shop.authority;
  return chain.coupons('redeemCoupon', {
    accounts: { coupon, owner: holder.publicKey, merchantAuthority: authority.publicKey },
    signers: [holder, authority],
  });
}

describe('register_merchant', () => {
  it.each([
    ['', 'coffee', 'InvalidName'],
    ['x'.repeat(51), 'coffee', 'InvalidName'],
    ['é'.repeat(26), 'coffee', 'InvalidName'],
    ['Bean There', '', 'InvalidCategory'],
    ['Bean There', 'x'.repeat(31), 'InvalidCategory'],
  ])('refuses name %j with category %j: %s', async (name, category, code) => {
    expect(await refused('registerMerchant', { args: [name, category], signers: [stranger] })).toBe(code);
  });

  it('refuses a second time', async () => {
    const call: Call = { args: ['Again', 'coffee'], signers: [shop.authority] };
    expect(await refused('registerMerchant', call)).toBe('MerchantAlreadyRegistered');
  });

  it('refuses another address than the derived one', async () => {
    const call: Call = { args: ['M', 'c'], accounts: { merchant: stranger.publicKey }, signers: [stranger] };
    expect(await refused('registerMerchant', call)).toBe('ConstraintSeeds');
  });

  it('refuses another program in the place of the system program', async () => {
    const call: Call = { args: ['M', 'c'], accounts: { systemProgram: COUPONS }, signers: [stranger] };
    expect(await refused('registerMerchant', call)).toBe('InvalidProgramId');
  });

  it('refuses text that is not UTF-8', async () => {
    const instruction = await chain.instruction('registerMerchant', { args: ['AB', 'c'], signers: [stranger] });
    const firstLetterOffset = 12;
    instruction.data[firstLetterOffset] = 0xff;
    expect(await refusal(chain.sendRaw([instruction], [stranger]))).toContain('Error Code: InstructionDidNotDeserialize');
  });
});

describe('create_promotion', () => {
  it.each<[Partial<PromotionTerms>, string]>([
    [{ title: '' }, 'InvalidTitle'],
    [{ title: 'x'.repeat(81) }, 'InvalidTitle'],
    [{ description: 'x'.repeat(201) }, 'InvalidDescription'],
    [{ discountBps: 0 }, 'InvalidDiscount'],
    [{ discountBps: 10_001 }, 'InvalidDiscount'],
    [{ maxSupply: 0 }, 'InvalidSupply'],
    [{ resaleFeeBps: 2_001 }, 'InvalidResaleFee'],
    [{ expiresAt: 0n }, 'ExpiryNotInFuture'],
    [{ promotionId: 1n }, 'PromotionAlreadyExists'],
  ])('refuses %o: %s', async (changes, code) => {
    const of = await terms(chain, { promotionId: 99n, ...changes });
    expect(await refused('createPromotion', { args: termsAsArguments(of), signers: [shop.authority] })).toBe(code);
  });

  it('refuses who is no merchant, and another merchant account', async () => {
    const args = termsAsArguments(await terms(chain, { promotionId: 99n }));
    expect(await refused('createPromotion', { args, signers: [stranger] })).toBe('AccountNotInitialized');
    const accounts = { merchant: shop.merchant };
    expect(await refused('createPromotion', { args, accounts, signers: [stranger] })).toBe('WrongMerchant');
  });
});

describe('update_promotion and close_promotion', () => {
  const nothing = [null, null, null, null, null];

  it.each([
    [['', null, null, null, null], 'InvalidTitle'],
    [[null, 'x'.repeat(201), null, null, null], 'InvalidDescription'],
    [[null, null, 10_001, null, null], 'InvalidDiscount'],
    [[null, null, null, 0, null], 'InvalidSupply'],
    [[null, null, null, null, u64(1)], 'ExpiryNotInFuture'],
  ])('refuse %o: %s', async (args, code) => {
    const accounts = { promotion: shop.promotion };
    expect(await refused('updatePromotion', { args, accounts, signers: [shop.authority] })).toBe(code);
  });

  it('refuse a supply below what is minted', async () => {
    const small = await openShop(chain);
    await mintTo(chain, small, owner.publicKey, 0);
    await mintTo(chain, small, owner.publicKey, 1);
    const update = (maxSupply: number) =>
      refused('updatePromotion', {
        args: [null, null, null, maxSupply, null],
        accounts: { promotion: small.promotion },
        signers: [small.authority],
      });
    expect(await update(1)).toBe('InvalidSupply');
    expect(await update(2)).toBe('none');
    const accounts = { promotion: small.promotion, recipient: owner.publicKey };
    expect(await refused('mintCoupon', { accounts, signers: [small.authority] })).toBe('SupplyExhausted');
  });

  it("refuse another merchant's promotion", async () => {
    const other = await openShop(chain);
    const call: Call = { accounts: { promotion: shop.promotion }, signers: [other.authority] };
    expect(await refused('updatePromotion', { ...call, args: nothing })).toBe('WrongMerchant');
    expect(await refused('closePromotion', call)).toBe('WrongMerchant');
  });

  it('refuse a closed promotion, as minting does', async () => {
    const closed = await openShop(chain);
    const call: Call = { accounts: { promotion: closed.promotion }, signers: [closed.authority] };
    await chain.coupons('closePromotion', call);
    expect(await refused('closePromotion', call)).toBe('PromotionNotActive');
    expect(await refused('updatePromotion', { ...call, args: nothing })).toBe('PromotionNotActive');
    const accounts = { ...call.accounts, recipient: owner.publicKey };
    expect(await refused('mintCoupon', { ...call, accounts })).toBe('PromotionNotActive');
  });

  it('refuse an account of another kind', async () => {
    const call: Call = { accounts: { promotion: shop.merchant }, signers: [shop.authority] };
    expect(await refused('closePromotion', call)).toBe('AccountDiscriminatorMismatch');
    const foreign: Call = { accounts: { promotion: pda.mint(await newCoupon()) }, signers: [shop.authority] };
    expect(await refused('closePromotion', foreign)).toBe('AccountOwnedByWrongProgram');
  });
});

describe('mint_coupon', () => {
  it('refuses who is not the merchant', async () => {
    const accounts = { promotion: shop.promotion, recipient: owner.publicKey, merchant: shop.merchant };
    expect(await refused('mintCoupon', { accounts, signers: [stranger] })).toBe('WrongMerchant');
    const other = await openShop(chain);
    const foreign = { promotion: shop.promotion, recipient: owner.publicKey };
    expect(await refused('mintCoupon', { accounts: foreign, signers: [other.authority] })).toBe('WrongMerchant');
  });

  it('refuses another serial than the next', async () => {
    const coupon = pda.coupon(shop.promotion, nextSerial + 1);
    const accounts = { promotion: shop.promotion, recipient: owner.publicKey, coupon };
    expect(await refused('mintCoupon', { accounts, signers: [shop.authority] })).toBe('ConstraintSeeds');
  });

  it('refuses a token account of the caller’s choice', async () => {
    const coupon = pda.coupon(shop.promotion, nextSerial);
    for (const changed of [{ tokenAccount: pda.token(shop.promotion) }, { mint: pda.mint(shop.promotion) }]) {
      const accounts = { promotion: shop.promotion, recipient: owner.publicKey, coupon, ...changed };
      expect(await refused('mintCoupon', { accounts, signers: [shop.authority] })).toBe('ConstraintSeeds');
    }
  });

  it('refuses when the authority did not sign', async () => {
    const accounts = { promotion: shop.promotion, recipient: owner.publicKey };
    const instruction = await chain.instruction('mintCoupon', { accounts, signers: [shop.authority] });
    for (const key of instruction.keys) if (key.pubkey.equals(shop.authority.publicKey)) key.isSigner = false;
    const message = await refusal(chain.sendRaw([instruction], [stranger]));
    expect(message).toContain('caused by account: authority. Error Code: AccountNotSigner');
  });

  it('refuses when an account is not writable', async () => {
    const accounts = { promotion: shop.promotion, recipient: owner.publicKey };
    const instruction = await chain.instruction('mintCoupon', { accounts, signers: [shop.authority] });
    for (const key of instruction.keys) if (key.pubkey.equals(shop.promotion)) key.isWritable = false;
    const message = await refusal(chain.sendRaw([instruction], [shop.authority]));
    expect(message).toContain('caused by account: promotion. Error Code: ConstraintMut');
  });
});

describe('transfer_coupon and redeem_coupon', () => {
  it('refuse who does not own the coupon', async () => {
    const coupon = await newCoupon();
    const accounts = { coupon, recipient: stranger.publicKey };
    expect(await refused('transferCoupon', { accounts, signers: [stranger] })).toBe('NotCouponOwner');
    expect(await refusal(redeem(coupon, { owner: stranger }))).toBe('NotCouponOwner');
  });

  it('refuse a listed coupon', async () => {
    const coupon = await newCoupon();
    await list(chain, coupon, owner, 1n);
    const accounts = { coupon, recipient: stranger.publicKey };
    expect(await refused('transferCoupon', { accounts, signers: [owner] })).toBe('CouponIsListed');
    expect(await refusal(redeem(coupon))).toBe('CouponIsListed');
    expect(await refused('closeCoupon', { accounts: { coupon }, signers: [owner] })).toBe('CouponIsListed');
  });

  it('refuse a redeemed coupon', async () => {
    const coupon = await newCoupon();
    await redeem(coupon);
    const accounts = { coupon, recipient: stranger.publicKey };
    expect(await refusal(redeem(coupon))).toBe('CouponAlreadyRedeemed');
    expect(await refused('transferCoupon', { accounts, signers: [owner] })).toBe('CouponAlreadyRedeemed');
    const listing: Call = { args: [u64(1)], accounts: { coupon }, signers: [owner] };
    expect(await refused('listCoupon', listing)).toBe('CouponAlreadyRedeemed');
  });

  it("redeem refuses a merchant who is not the coupon's, in every combination of accounts", async () => {
    const coupon = await newCoupon();
    const other = await openShop(chain);
    expect(await refusal(redeem(coupon, { authority: other.authority }))).toBe('WrongMerchant');
    const accounts = { coupon, owner: owner.publicKey, merchantAuthority: other.authority.publicKey };
    const signers: [Keypair, Keypair] = [owner, other.authority];
    const withTheRightMerchant = { ...accounts, merchant: shop.merchant };
    expect(await refused('redeemCoupon', { accounts: withTheRightMerchant, signers })).toBe('WrongMerchant');
    const withTheirPromotion = { ...accounts, promotion: other.promotion };
    expect(await refused('redeemCoupon', { accounts: withTheirPromotion, signers })).toBe('WrongPromotion');
  });

  it("redeem refuses another coupon's mint and token account", async () => {
    const [coupon, other] = [await newCoupon(), await newCoupon()];
    const accounts = { coupon, owner: owner.publicKey, merchantAuthority: shop.authority.publicKey };
    const signers: [Keypair, Keypair] = [owner, shop.authority];
    const otherMint = { ...accounts, mint: pda.mint(other) };
    expect(await refused('redeemCoupon', { accounts: otherMint, signers })).toBe('ConstraintAddress');
    const otherToken = { ...accounts, tokenAccount: pda.token(other) };
    expect(await refused('redeemCoupon', { accounts: otherToken, signers })).toBe('ConstraintSeeds');
  });
});

describe('trade', () => {
  it('list_coupon refuses a price of nothing and who is not the owner', async () => {
    const coupon = await newCoupon();
    const call: Call = { args: [u64(0)], accounts: { coupon }, signers: [owner] };
    expect(await refused('listCoupon', call)).toBe('InvalidPrice');
    expect(await refused('listCoupon', { ...call, args: [u64(1)], signers: [stranger] })).toBe('NotCouponOwner');
    await list(chain, coupon, owner, 1n);
    expect(await refused('listCoupon', { ...call, args: [u64(2)], signers: [stranger] })).toBe('NotCouponOwner');
    const other = await newCoupon();
    await list(chain, other, owner, 1n);
    const crossed: Call = {
      args: [u64(2)],
      accounts: { coupon, listing: pda.listing(other) },
      signers: [owner],
    };
    expect(await refused('listCoupon', crossed)).toBe('CouponNotListed');
  });

  it('buy_coupon refuses a price above the maximum, the seller, and accounts of others', async () => {
    const coupon = await newCoupon();
    await list(chain, coupon, owner, 1_000n);
    const call: Call = { args: [u64(1_000)], accounts: { coupon }, signers: [stranger] };
    expect(await refused('buyCoupon', { ...call, args: [u64(999)] })).toBe('PriceAboveMaximum');
    expect(await refused('buyCoupon', { ...call, signers: [owner] })).toBe('SelfPurchase');
    const notTheSeller = { coupon, seller: stranger.publicKey };
    expect(await refused('buyCoupon', { ...call, accounts: notTheSeller })).toBe('NotSeller');
    const notTheAuthority = { coupon, authority: stranger.publicKey };
    expect(await refused('buyCoupon', { ...call, accounts: notTheAuthority })).toBe('WrongMerchant');
    const other = await openShop(chain);
    const otherMerchant = { coupon, merchant: other.merchant };
    expect(await refused('buyCoupon', { ...call, accounts: otherMerchant })).toBe('WrongMerchant');
    const otherPromotion = { coupon, promotion: other.promotion };
    expect(await refused('buyCoupon', { ...call, accounts: otherPromotion })).toBe('WrongPromotion');
  });

  it('buy_coupon and cancel_listing refuse a coupon that is not listed', async () => {
    const coupon = await newCoupon();
    const accounts = { coupon, seller: owner.publicKey };
    expect(await refused('buyCoupon', { args: [u64(1)], accounts, signers: [stranger] })).toBe('CouponNotListed');
    expect(await refused('cancelListing', { accounts: { coupon }, signers: [owner] })).toBe('CouponNotListed');
  });

  it('cancel_listing refuses who is not the seller', async () => {
    const coupon = await newCoupon();
    await list(chain, coupon, owner, 1n);
    expect(await refused('cancelListing', { accounts: { coupon }, signers: [stranger] })).toBe('NotSeller');
  });
});

describe('opinions', () => {
  it.each([0, 6, 255])('rate_promotion refuses %i stars', async (stars) => {
    const call: Call = { args: [stars], accounts: { promotion: shop.promotion }, signers: [stranger] };
    expect(await refused('ratePromotion', call)).toBe('InvalidStars');
  });

  it("rate_promotion refuses another wallet's rating", async () => {
    const accounts = { promotion: shop.promotion, rating: pda.rating(shop.promotion, owner.publicKey) };
    expect(await refused('ratePromotion', { args: [1], accounts, signers: [stranger] })).toBe('ConstraintSeeds');
  });

  it.each(['', 'x'.repeat(201)])('add_comment refuses %j', async (text) => {
    const call: Call = { args: [text], accounts: { promotion: shop.promotion }, signers: [stranger] };
    expect(await refused('addComment', call)).toBe('InvalidComment');
  });

  it('add_comment refuses another number than the next', async () => {
    const accounts = { promotion: shop.promotion, comment: pda.comment(shop.promotion, 7) };
    expect(await refused('addComment', { args: ['hi'], accounts, signers: [stranger] })).toBe('ConstraintSeeds');
  });
});

describe('expiry', () => {
  it('stops minting, listing, buying and redeeming, and lets coupons be cancelled and closed', async () => {
    const expiresAt = (await chain.now()) + (TRAVELS ? 3_600n : WAIT_SECONDS);
    const brief = await openShop(chain, { expiresAt });
    const held = await mintTo(chain, brief, owner.publicKey, 0);
    const listed = await mintTo(chain, brief, owner.publicKey, 1);
    await list(chain, listed, owner, 5n);
    expect(await refused('closeCoupon', { accounts: { coupon: held }, signers: [owner] })).toBe('CouponStillUsable');

    if (TRAVELS) await chain.travelTo(expiresAt);
    await eventually(async () => (await chain.now()) >= expiresAt, { timeoutMs: 60_000 });

    const mint = { promotion: brief.promotion, recipient: owner.publicKey };
    expect(await refused('mintCoupon', { accounts: mint, signers: [brief.authority] })).toBe('PromotionExpired');
    expect(await refusal(redeem(held, { authority: brief.authority }))).toBe('PromotionExpired');
    const listing: Call = { args: [u64(1)], accounts: { coupon: held }, signers: [owner] };
    expect(await refused('listCoupon', listing)).toBe('PromotionExpired');
    const purchase: Call = { args: [u64(5)], accounts: { coupon: listed }, signers: [stranger] };
    expect(await refused('buyCoupon', purchase)).toBe('PromotionExpired');

    expect(await refused('cancelListing', { accounts: { coupon: listed }, signers: [owner] })).toBe('none');
    for (const coupon of [held, listed]) {
      expect(await refused('closeCoupon', { accounts: { coupon }, signers: [stranger] })).toBe('NotCouponOwner');
      expect(await refused('closeCoupon', { accounts: { coupon }, signers: [owner] })).toBe('none');
      expect(await chain.fetch('coupon', coupon)).toBeNull();
    }
  });
});

describe('dispatch', () => {
  it('refuses unknown and missing instructions', async () => {
    const instruction = await chain.instruction('closePromotion', {
      accounts: { promotion: shop.promotion },
      signers: [shop.authority],
    });
    instruction.data = Buffer.alloc(8);
    expect(await refusal(chain.sendRaw([instruction], [shop.authority]))).toContain('InstructionFallbackNotFound');
    instruction.data = Buffer.alloc(7);
    expect(await refusal(chain.sendRaw([instruction], [shop.authority]))).toContain('InstructionMissing');
  });

  it('refuses too few accounts', async () => {
    const instruction = await chain.instruction('closePromotion', {
      accounts: { promotion: shop.promotion },
      signers: [shop.authority],
    });
    instruction.keys.pop();
    const message = await refusal(chain.sendRaw([instruction], [shop.authority]));
    expect(message).toContain('caused by account: authority. Error Code: AccountNotEnoughKeys');
  });

  it('accepts event data only from its own event authority', async () => {
    const instruction = await chain.instruction('closePromotion', {
      accounts: { promotion: shop.promotion },
      signers: [shop.authority],
    });
    instruction.data = Buffer.from('e445a52e51cb9a1d0000000000000000', 'hex');
    instruction.keys = [{ pubkey: pda.eventAuthority(), isSigner: false, isWritable: false }];
    expect(await refusal(chain.sendRaw([instruction], [stranger]))).toContain('Error Code: ConstraintSigner');
    instruction.keys = [{ pubkey: stranger.publicKey, isSigner: true, isWritable: false }];
    expect(await refusal(chain.sendRaw([instruction], [stranger]))).toContain('Error Code: ConstraintSeeds');
  });

  it('fails a buyer without the money and changes nothing', async () => {
    const coupon = await newCoupon();
    await list(chain, coupon, owner, 1_000_000_000_000n);
    const call: Call = { args: [u64(1_000_000_000_000n)], accounts: { coupon }, signers: [stranger] };
    expect(await refused('buyCoupon', call)).toContain('insufficient lamports');
    expect(await chain.fetch('coupon', coupon)).toMatchObject({ status: 'listed', revision: 2n });
  });
});
