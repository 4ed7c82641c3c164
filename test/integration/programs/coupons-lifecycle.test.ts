import { getAccount, getMint } from '@solana/spl-token';
import { Keypair, type PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pda, startCouponsChain, u64, type Accounts, type EmittedEvent } from './coupons-chain.js';
import { list, mintTo, openShop, terms, termsAsArguments } from './shop.js';

let chain: Awaited<ReturnType<typeof startCouponsChain>>;

beforeAll(async () => {
  chain = await startCouponsChain();
});

afterAll(() => chain.stop());

/** The one event of an instruction, to be compared whole. */
function event(name: string, by: EmittedEvent['by'], data: EmittedEvent['data']): EmittedEvent[] {
  return [{ name, by, data }];
}

async function existing<Name extends keyof Accounts>(name: Name, address: PublicKey): Promise<Accounts[Name]> {
  const account = await chain.fetch(name, address);
  if (account === null) throw new Error(`no ${name} at ${address.toBase58()}`);
  return account;
}

function lamportsOf(address: PublicKey): Promise<number> {
  return chain.connection.getBalance(address);
}

/** The NFT as the token program sees it. */
async function tokenOf(coupon: PublicKey) {
  const account = await getAccount(chain.connection, pda.token(coupon));
  return { owner: account.owner.toBase58(), amount: account.amount, isFrozen: account.isFrozen };
}

describe('merchants and promotions', () => {
  it('register_merchant creates the merchant', async () => {
    const authority = await chain.wallet();
    const address = pda.merchant(authority.publicKey);
    const landed = await chain.coupons('registerMerchant', { args: ['Bean There', 'coffee'], signers: [authority] });

    const merchant = await existing('merchant', address);
    expect(merchant).toMatchObject({
      revision: 1n,
      authority: authority.publicKey.toBase58(),
      name: 'Bean There',
      category: 'coffee',
      promotionCount: 0n,
      activePromotions: 0n,
    });
    expect(landed.logs).toContain('Program log: Instruction: RegisterMerchant');
    expect(landed.events).toEqual(
      event('merchantRegistered', 'log', {
        merchant: address.toBase58(),
        authority: merchant.authority,
        revision: 1n,
        name: 'Bean There',
        category: 'coffee',
        registeredAt: merchant.registeredAt,
      }),
    );
  });

  it('create_promotion counts it on the merchant', async () => {
    const authority = await chain.wallet();
    await chain.coupons('registerMerchant', { args: ['M', 'c'], signers: [authority] });
    const of = await terms(chain, { promotionId: 2n ** 64n - 1n, title: 'é'.repeat(40), description: '' });
    const landed = await chain.coupons('createPromotion', { args: termsAsArguments(of), signers: [authority] });

    const merchantAddress = pda.merchant(authority.publicKey);
    const address = pda.promotion(merchantAddress, of.promotionId);
    const promotion = await existing('promotion', address);
    expect(promotion).toMatchObject({
      ...of,
      revision: 1n,
      merchant: merchantAddress.toBase58(),
      minted: 0,
      redeemed: 0,
      closedCoupons: 0,
      status: 'active',
      ratingCount: 0,
      ratingSum: 0n,
      commentCount: 0,
      sales: 0,
      salesVolume: 0n,
    });
    expect(await existing('merchant', merchantAddress)).toMatchObject({
      revision: 2n,
      promotionCount: 1n,
      activePromotions: 1n,
    });
    expect(landed.events).toEqual(
      event('promotionCreated', 'log', {
        promotion: address.toBase58(),
        merchant: merchantAddress.toBase58(),
        revision: 1n,
        merchantRevision: 2n,
        merchantPromotionCount: 1n,
        merchantActivePromotions: 1n,
        ...of,
        createdAt: promotion.createdAt,
      }),
    );
  });

  it('update_promotion changes what is given and keeps the rest', async () => {
    const { authority, merchant, promotion } = await openShop(chain);
    const before = await existing('promotion', promotion);
    const update = (args: unknown[]) =>
      chain.coupons('updatePromotion', { args, accounts: { promotion }, signers: [authority] });
    await update(['A much longer title than it had', null, null, 7, null]);
    const expiresAt = before.expiresAt + 1n;
    const landed = await update(['Short', 'New', 1, null, u64(expiresAt)]);

    const after = await existing('promotion', promotion);
    const changes = { title: 'Short', description: 'New', discountBps: 1, maxSupply: 7, expiresAt };
    expect(after).toEqual({ ...before, ...changes, revision: 3n });
    expect(landed.events).toEqual(
      event('promotionUpdated', 'log', {
        promotion: promotion.toBase58(),
        merchant: merchant.toBase58(),
        revision: 3n,
        ...changes,
        updatedAt: expect.any(BigInt) as bigint,
      }),
    );
  });

  it('close_promotion ends it', async () => {
    const { authority, merchant, promotion } = await openShop(chain);
    const landed = await chain.coupons('closePromotion', { accounts: { promotion }, signers: [authority] });

    expect(await existing('promotion', promotion)).toMatchObject({ status: 'closed', revision: 2n });
    expect(await existing('merchant', merchant)).toMatchObject({
      revision: 3n,
      promotionCount: 1n,
      activePromotions: 0n,
    });
    expect(landed.events).toEqual(
      event('promotionClosed', 'log', {
        promotion: promotion.toBase58(),
        merchant: merchant.toBase58(),
        revision: 2n,
        merchantRevision: 3n,
        merchantActivePromotions: 0n,
        closedAt: expect.any(BigInt) as bigint,
      }),
    );
  });
});

describe('coupons', () => {
  it('mint_coupon mints a frozen token of supply one to a wallet that need not sign', async () => {
    const { authority, merchant, promotion } = await openShop(chain);
    const recipient = Keypair.generate().publicKey;
    const landed = await chain.coupons('mintCoupon', { accounts: { promotion, recipient }, signers: [authority] });

    const address = pda.coupon(promotion, 0);
    const coupon = await existing('coupon', address);
    expect(coupon).toMatchObject({
      revision: 1n,
      promotion: promotion.toBase58(),
      merchant: merchant.toBase58(),
      mint: pda.mint(address).toBase58(),
      owner: recipient.toBase58(),
      serial: 0,
      status: 'active',
      transfers: 0,
      redeemedAt: 0n,
    });
    expect(await existing('promotion', promotion)).toMatchObject({ minted: 1, revision: 2n });
    expect(await getMint(chain.connection, pda.mint(address))).toMatchObject({
      supply: 1n,
      decimals: 0,
      mintAuthority: null,
      freezeAuthority: address,
    });
    expect(await tokenOf(address)).toEqual({ owner: recipient.toBase58(), amount: 1n, isFrozen: true });
    expect(landed.events).toEqual(
      event('couponMinted', 'log', {
        coupon: address.toBase58(),
        promotion: promotion.toBase58(),
        merchant: merchant.toBase58(),
        mint: coupon.mint,
        owner: coupon.owner,
        revision: 1n,
        promotionRevision: 2n,
        promotionMinted: 1,
        serial: 0,
        mintedAt: coupon.mintedAt,
      }),
    );
  });

  it('mint_coupon is not stopped by lamports sent to the addresses beforehand', async () => {
    const shop = await openShop(chain);
    const coupon = pda.coupon(shop.promotion, 0);
    for (const address of [coupon, pda.mint(coupon), pda.token(coupon)]) {
      await chain.connection.requestAirdrop(address, 890_880);
    }
    await expect.poll(() => lamportsOf(pda.token(coupon))).toBeGreaterThan(0);
    await mintTo(chain, shop, Keypair.generate().publicKey);
    expect(await tokenOf(coupon)).toMatchObject({ amount: 1n, isFrozen: true });
  });

  it('transfer_coupon changes the owner', async () => {
    const shop = await openShop(chain);
    const owner = await chain.wallet();
    const recipient = Keypair.generate().publicKey;
    const coupon = await mintTo(chain, shop, owner.publicKey);
    const landed = await chain.coupons('transferCoupon', { accounts: { coupon, recipient }, signers: [owner] });

    expect(await existing('coupon', coupon)).toMatchObject({
      owner: recipient.toBase58(),
      transfers: 1,
      revision: 2n,
      status: 'active',
    });
    expect(await tokenOf(coupon)).toEqual({ owner: recipient.toBase58(), amount: 1n, isFrozen: true });
    expect(landed.events).toEqual(
      event('couponTransferred', 'log', {
        coupon: coupon.toBase58(),
        promotion: shop.promotion.toBase58(),
        from: owner.publicKey.toBase58(),
        to: recipient.toBase58(),
        revision: 2n,
        transfers: 1,
        transferredAt: expect.any(BigInt) as bigint,
      }),
    );
  });

  it('redeem_coupon burns the token and returns its rent to the owner', async () => {
    const { authority, merchant, promotion } = await openShop(chain);
    const owner = await chain.wallet();
    const coupon = await mintTo(chain, { authority, merchant, promotion }, owner.publicKey);
    const rent = await lamportsOf(pda.token(coupon));
    const before = await lamportsOf(owner.publicKey);
    const landed = await chain.coupons('redeemCoupon', {
      accounts: { coupon, owner: owner.publicKey, merchantAuthority: authority.publicKey },
      signers: [authority, owner],
    });

    const redeemed = await existing('coupon', coupon);
    expect(redeemed).toMatchObject({ status: 'redeemed', revision: 2n, owner: owner.publicKey.toBase58() });
    expect(redeemed.redeemedAt).toBeGreaterThan(0n);
    expect(await existing('promotion', promotion)).toMatchObject({ redeemed: 1, revision: 3n });
    expect(await getMint(chain.connection, pda.mint(coupon))).toMatchObject({ supply: 0n, mintAuthority: null });
    expect(await chain.connection.getAccountInfo(pda.token(coupon))).toBeNull();
    expect(await lamportsOf(owner.publicKey)).toBe(before + rent);
    expect(landed.events).toEqual(
      event('couponRedeemed', 'log', {
        coupon: coupon.toBase58(),
        promotion: promotion.toBase58(),
        merchant: merchant.toBase58(),
        owner: owner.publicKey.toBase58(),
        revision: 2n,
        promotionRevision: 3n,
        promotionRedeemed: 1,
        redeemedAt: redeemed.redeemedAt,
      }),
    );
  });

  it('close_coupon removes a redeemed coupon', async () => {
    const shop = await openShop(chain);
    const owner = await chain.wallet();
    const coupon = await mintTo(chain, shop, owner.publicKey);
    const accounts = { coupon, owner: owner.publicKey, merchantAuthority: shop.authority.publicKey };
    await chain.coupons('redeemCoupon', { accounts, signers: [owner, shop.authority] });
    const landed = await chain.coupons('closeCoupon', { accounts: { coupon }, signers: [owner] });

    expect(await chain.connection.getAccountInfo(coupon)).toBeNull();
    expect(await existing('promotion', shop.promotion)).toMatchObject({ closedCoupons: 1, revision: 4n });
    expect(landed.events).toEqual(
      event('couponClosed', 'log', {
        coupon: coupon.toBase58(),
        promotion: shop.promotion.toBase58(),
        owner: owner.publicKey.toBase58(),
        mint: pda.mint(coupon).toBase58(),
        revision: 3n,
        promotionRevision: 4n,
        promotionClosedCoupons: 1,
        closedAt: expect.any(BigInt) as bigint,
      }),
    );
  });

  it('close_coupon burns an unused coupon of a closed promotion and returns all its rent', async () => {
    const shop = await openShop(chain);
    const owner = await chain.wallet();
    const coupon = await mintTo(chain, shop, owner.publicKey);
    await chain.coupons('closePromotion', { accounts: { promotion: shop.promotion }, signers: [shop.authority] });
    const rent = (await lamportsOf(coupon)) + (await lamportsOf(pda.token(coupon)));
    const before = await lamportsOf(owner.publicKey);
    // Somebody else pays the transaction, so that the owner's balance shows the rent alone.
    await chain.coupons('closeCoupon', {
      accounts: { coupon, owner: owner.publicKey },
      signers: [shop.authority, owner],
    });

    expect(await lamportsOf(owner.publicKey)).toBe(before + rent);
    expect(await getMint(chain.connection, pda.mint(coupon))).toMatchObject({ supply: 0n });
  });
});

describe('trade', () => {
  const PRICE = 123_456_789n;
  /** 250 basis points, rounded down. */
  const FEE = 3_086_419n;

  it('list_coupon puts the token into escrow', async () => {
    const shop = await openShop(chain);
    const seller = await chain.wallet();
    const coupon = await mintTo(chain, shop, seller.publicKey);
    const landed = await chain.coupons('listCoupon', {
      args: [u64(PRICE)],
      accounts: { coupon },
      signers: [seller],
    });

    const listing = await existing('listing', pda.listing(coupon));
    expect(listing).toMatchObject({
      revision: 2n,
      coupon: coupon.toBase58(),
      promotion: shop.promotion.toBase58(),
      seller: seller.publicKey.toBase58(),
      price: PRICE,
    });
    expect(await existing('coupon', coupon)).toMatchObject({
      status: 'listed',
      revision: 2n,
      owner: seller.publicKey.toBase58(),
    });
    expect(await tokenOf(coupon)).toEqual({ owner: coupon.toBase58(), amount: 1n, isFrozen: true });
    expect(landed.events).toEqual(
      event('couponListed', 'log', {
        coupon: coupon.toBase58(),
        listing: pda.listing(coupon).toBase58(),
        promotion: shop.promotion.toBase58(),
        seller: seller.publicKey.toBase58(),
        price: PRICE,
        revision: 2n,
        listedAt: listing.listedAt,
      }),
    );
  });

  it('list_coupon on a listed coupon cancels and lists anew: two events, two revisions', async () => {
    const shop = await openShop(chain);
    const seller = await chain.wallet();
    const coupon = await mintTo(chain, shop, seller.publicKey);
    await list(chain, coupon, seller, PRICE);
    const landed = await chain.coupons('listCoupon', { args: [u64(5)], accounts: { coupon }, signers: [seller] });

    const shared = {
      coupon: coupon.toBase58(),
      listing: pda.listing(coupon).toBase58(),
      promotion: shop.promotion.toBase58(),
      seller: seller.publicKey.toBase58(),
    };
    const { listedAt } = await existing('listing', pda.listing(coupon));
    expect(landed.events).toEqual([
      ...event('listingCancelled', 'log', { ...shared, revision: 3n, cancelledAt: listedAt }),
      ...event('couponListed', 'log', { ...shared, price: 5n, revision: 4n, listedAt }),
    ]);
    expect(await existing('listing', pda.listing(coupon))).toMatchObject({ price: 5n, revision: 4n });
    expect(await existing('coupon', coupon)).toMatchObject({ status: 'listed', revision: 4n });
  });

  it('buy_coupon pays seller and merchant, and emits by self-CPI', async () => {
    const { authority, merchant, promotion } = await openShop(chain);
    const [seller, buyer] = await Promise.all([chain.wallet(), chain.wallet()]);
    const coupon = await mintTo(chain, { authority, merchant, promotion }, seller.publicKey);
    await list(chain, coupon, seller, PRICE);
    const listing = pda.listing(coupon);
    const rent = await lamportsOf(listing);
    const before = await Promise.all([seller, authority, buyer].map(({ publicKey }) => lamportsOf(publicKey)));
    // The shop pays the transaction fee of 5,000 lamports a signature.
    const landed = await chain.coupons('buyCoupon', {
      args: [u64(PRICE)],
      accounts: { coupon, buyer: buyer.publicKey },
      signers: [authority, buyer],
    });

    const after = await Promise.all([seller, authority, buyer].map(({ publicKey }) => lamportsOf(publicKey)));
    expect(after.map((lamports, index) => lamports - (before[index] ?? 0))).toEqual([
      Number(PRICE - FEE) + rent,
      Number(FEE) - 10_000,
      -Number(PRICE),
    ]);
    expect(await chain.connection.getAccountInfo(listing)).toBeNull();
    expect(await existing('coupon', coupon)).toMatchObject({
      status: 'active',
      revision: 3n,
      transfers: 1,
      owner: buyer.publicKey.toBase58(),
    });
    expect(await existing('promotion', promotion)).toMatchObject({ sales: 1, salesVolume: PRICE, revision: 3n });
    expect(await tokenOf(coupon)).toEqual({ owner: buyer.publicKey.toBase58(), amount: 1n, isFrozen: true });
    expect(landed.events).toEqual(
      event('couponSold', 'self-cpi', {
        coupon: coupon.toBase58(),
        listing: listing.toBase58(),
        promotion: promotion.toBase58(),
        merchant: merchant.toBase58(),
        seller: seller.publicKey.toBase58(),
        buyer: buyer.publicKey.toBase58(),
        price: PRICE,
        fee: FEE,
        revision: 3n,
        promotionRevision: 3n,
        promotionSales: 1,
        promotionSalesVolume: PRICE,
        transfers: 1,
        soldAt: expect.any(BigInt) as bigint,
      }),
    );
  });

  it('a listing opened anew at the same address continues the revisions', async () => {
    const shop = await openShop(chain);
    const seller = await chain.wallet();
    const coupon = await mintTo(chain, shop, seller.publicKey);
    await list(chain, coupon, seller, 1n);
    const cancelled = await chain.coupons('cancelListing', { accounts: { coupon }, signers: [seller] });
    expect(cancelled.events).toEqual(
      event('listingCancelled', 'log', {
        coupon: coupon.toBase58(),
        listing: pda.listing(coupon).toBase58(),
        promotion: shop.promotion.toBase58(),
        seller: seller.publicKey.toBase58(),
        revision: 3n,
        cancelledAt: expect.any(BigInt) as bigint,
      }),
    );
    expect(await chain.fetch('listing', pda.listing(coupon))).toBeNull();
    expect(await tokenOf(coupon)).toEqual({ owner: seller.publicKey.toBase58(), amount: 1n, isFrozen: true });

    await list(chain, coupon, seller, 2n);
    expect(await existing('listing', pda.listing(coupon))).toMatchObject({ revision: 4n, price: 2n });
  });
});

describe('opinions', () => {
  it('rate_promotion keeps one rating a wallet', async () => {
    const { promotion } = await openShop(chain);
    const [first, second] = await Promise.all([chain.wallet(), chain.wallet()]);
    const rate = (rater: Keypair, stars: number) =>
      chain.coupons('ratePromotion', { args: [stars], accounts: { promotion }, signers: [rater] });
    await rate(first, 5);
    await rate(second, 4);
    const landed = await rate(first, 2);

    const address = pda.rating(promotion, first.publicKey);
    const rating = await existing('rating', address);
    expect(rating).toMatchObject({
      revision: 2n,
      promotion: promotion.toBase58(),
      rater: first.publicKey.toBase58(),
      stars: 2,
    });
    expect(await existing('promotion', promotion)).toMatchObject({ ratingCount: 2, ratingSum: 6n, revision: 4n });
    expect(landed.events).toEqual(
      event('promotionRated', 'log', {
        rating: address.toBase58(),
        promotion: promotion.toBase58(),
        rater: first.publicKey.toBase58(),
        stars: 2,
        previousStars: 5,
        revision: 2n,
        promotionRevision: 4n,
        promotionRatingCount: 2,
        promotionRatingSum: 6n,
        ratedAt: rating.ratedAt,
      }),
    );
  });

  it('a closed promotion can still be rated', async () => {
    const { authority, promotion } = await openShop(chain);
    await chain.coupons('closePromotion', { accounts: { promotion }, signers: [authority] });
    await chain.coupons('ratePromotion', { args: [1], accounts: { promotion }, signers: [authority] });
    expect(await existing('promotion', promotion)).toMatchObject({ ratingCount: 1, ratingSum: 1n });
  });

  it('add_comment numbers comments and emits by self-CPI', async () => {
    const { promotion } = await openShop(chain);
    const author = await chain.wallet();
    const comment = (text: string) =>
      chain.coupons('addComment', { args: [text], accounts: { promotion }, signers: [author] });
    await comment('first');
    const landed = await comment('☕'.repeat(66) + '!!');

    const address = pda.comment(promotion, 1);
    const account = await existing('comment', address);
    expect(account).toMatchObject({
      revision: 1n,
      promotion: promotion.toBase58(),
      author: author.publicKey.toBase58(),
      index: 1,
      text: '☕'.repeat(66) + '!!',
    });
    expect(await existing('promotion', promotion)).toMatchObject({ commentCount: 2, revision: 3n });
    expect(landed.events).toEqual(
      event('commentAdded', 'self-cpi', {
        comment: address.toBase58(),
        promotion: promotion.toBase58(),
        author: author.publicKey.toBase58(),
        index: 1,
        text: account.text,
        revision: 1n,
        promotionRevision: 3n,
        promotionCommentCount: 2,
        createdAt: account.createdAt,
      }),
    );
  });
});
