import anchor from '@coral-xyz/anchor';
import { Connection, type Keypair, PublicKey, type TransactionInstruction } from '@solana/web3.js';
import idl from '../../idl/coupons.json' with { type: 'json' };
import { DevSender, type Landed } from './send-and-confirm.js';

const { BN, Program } = anchor;
type Signers = readonly [Keypair, ...Keypair[]];

/** The terms of a promotion; what is left out has a sensible value. */
export interface PromotionTerms {
  readonly promotionId?: bigint;
  readonly title?: string;
  readonly description?: string;
  readonly discountBps?: number;
  readonly maxSupply?: number;
  readonly resaleFeeBps?: number;
  /** Unix seconds. */
  readonly expiresAt?: bigint;
}

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/**
 * Plays the coupon marketplace's users: every instruction of the program as a method that sends it and waits until it
 * is confirmed. For development traffic and tests, by Anchor's own client.
 */
export class CouponsClient {
  readonly programId: PublicKey;
  readonly sender: DevSender;
  readonly #program: InstanceType<typeof Program>;

  constructor(rpcUrl: string, wsUrl: string, programId: string = idl.address) {
    const connection = new Connection(rpcUrl, { commitment: 'confirmed', wsEndpoint: wsUrl });
    this.programId = new PublicKey(programId);
    this.sender = new DevSender(connection);
    this.#program = new Program({ ...idl, address: programId }, { connection });
  }

  readonly at = {
    merchant: (authority: PublicKey) => this.#derive('merchant', authority.toBuffer()),
    promotion: (merchant: PublicKey, id: bigint) => this.#derive('promotion', merchant.toBuffer(), le(id, 8)),
    coupon: (promotion: PublicKey, serial: number) =>
      this.#derive('coupon', promotion.toBuffer(), le(BigInt(serial), 4)),
    mint: (coupon: PublicKey) => this.#derive('mint', coupon.toBuffer()),
    token: (coupon: PublicKey) => this.#derive('token', coupon.toBuffer()),
    listing: (coupon: PublicKey) => this.#derive('listing', coupon.toBuffer()),
    rating: (promotion: PublicKey, rater: PublicKey) => this.#derive('rating', promotion.toBuffer(), rater.toBuffer()),
    comment: (promotion: PublicKey, index: number) =>
      this.#derive('comment', promotion.toBuffer(), le(BigInt(index), 4)),
  };

  registerMerchant(authority: Keypair, name: string, category = 'coffee'): Promise<Landed> {
    return this.#send('registerMerchant', [name, category], {}, [authority]);
  }

  createPromotion(authority: Keypair, terms: PromotionTerms = {}): Promise<Landed> {
    const args = [
      u64(terms.promotionId ?? 1n),
      terms.title ?? 'Two for one',
      terms.description ?? 'Bring a friend',
      terms.discountBps ?? 5_000,
      terms.maxSupply ?? 1_000,
      terms.resaleFeeBps ?? 250,
      u64(terms.expiresAt ?? BigInt(Math.floor(Date.now() / 1000) + YEAR_SECONDS)),
    ];
    return this.#send('createPromotion', args, {}, [authority]);
  }

  updatePromotion(authority: Keypair, promotion: PublicKey, changes: PromotionTerms): Promise<Landed> {
    const args = [
      changes.title ?? null,
      changes.description ?? null,
      changes.discountBps ?? null,
      changes.maxSupply ?? null,
      changes.expiresAt === undefined ? null : u64(changes.expiresAt),
    ];
    return this.#send('updatePromotion', args, { promotion }, [authority]);
  }

  closePromotion(authority: Keypair, promotion: PublicKey): Promise<Landed> {
    return this.#send('closePromotion', [], { promotion }, [authority]);
  }

  mintCoupon(authority: Keypair, promotion: PublicKey, recipient: PublicKey, serial: number): Promise<Landed> {
    const coupon = this.at.coupon(promotion, serial);
    const accounts = { promotion, recipient, coupon, mint: this.at.mint(coupon), tokenAccount: this.at.token(coupon) };
    return this.#send('mintCoupon', [], accounts, [authority]);
  }

  /** One instruction, one CouponMinted per recipient (at most 8). `firstSerial` is the promotion's `minted` before. */
  mintCouponsBatch(
    authority: Keypair,
    promotion: PublicKey,
    recipients: readonly PublicKey[],
    firstSerial: number,
  ): Promise<Landed> {
    const remaining = recipients.flatMap((recipient, offset) => {
      const coupon = this.at.coupon(promotion, firstSerial + offset);
      return [
        { pubkey: coupon, isSigner: false, isWritable: true },
        { pubkey: this.at.mint(coupon), isSigner: false, isWritable: true },
        { pubkey: this.at.token(coupon), isSigner: false, isWritable: true },
        { pubkey: recipient, isSigner: false, isWritable: false },
      ];
    });
    return this.#send('mintCouponsBatch', [recipients.length], { promotion }, [authority], remaining);
  }

  transferCoupon(owner: Keypair, coupon: PublicKey, recipient: PublicKey): Promise<Landed> {
    return this.#send('transferCoupon', [], { coupon, mint: this.at.mint(coupon), recipient }, [owner]);
  }

  redeemCoupon(owner: Keypair, merchantAuthority: Keypair, coupon: PublicKey, promotion: PublicKey): Promise<Landed> {
    const accounts = { coupon, promotion, mint: this.at.mint(coupon), merchantAuthority: merchantAuthority.publicKey };
    return this.#send('redeemCoupon', [], accounts, [owner, merchantAuthority]);
  }

  /** Listing what is listed already changes its price: the one instruction then emits two events. */
  listCoupon(owner: Keypair, coupon: PublicKey, promotion: PublicKey, price: bigint): Promise<Landed> {
    return this.#send('listCoupon', [u64(price)], { coupon, promotion, mint: this.at.mint(coupon) }, [owner]);
  }

  buyCoupon(
    buyer: Keypair,
    sale: {
      readonly coupon: PublicKey;
      readonly promotion: PublicKey;
      readonly seller: PublicKey;
      readonly merchantAuthority: PublicKey;
      readonly maxPrice: bigint;
    },
  ): Promise<Landed> {
    const accounts = {
      coupon: sale.coupon,
      promotion: sale.promotion,
      merchant: this.at.merchant(sale.merchantAuthority),
      mint: this.at.mint(sale.coupon),
      seller: sale.seller,
      authority: sale.merchantAuthority,
    };
    return this.#send('buyCoupon', [u64(sale.maxPrice)], accounts, [buyer]);
  }

  cancelListing(seller: Keypair, coupon: PublicKey): Promise<Landed> {
    return this.#send('cancelListing', [], { coupon, mint: this.at.mint(coupon) }, [seller]);
  }

  ratePromotion(rater: Keypair, promotion: PublicKey, stars: number): Promise<Landed> {
    return this.#send('ratePromotion', [stars], { promotion }, [rater]);
  }

  /** `index` is the promotion's `comment_count` before. */
  addComment(author: Keypair, promotion: PublicKey, text: string, index: number): Promise<Landed> {
    return this.#send('addComment', [text], { promotion, comment: this.at.comment(promotion, index) }, [author]);
  }

  closeCoupon(owner: Keypair, coupon: PublicKey, promotion: PublicKey): Promise<Landed> {
    return this.#send('closeCoupon', [], { coupon, promotion, mint: this.at.mint(coupon) }, [owner]);
  }

  /** The instruction without sending it, for transactions of several. Names in camelCase. */
  async instruction(
    name: string,
    args: readonly unknown[],
    accounts: Readonly<Record<string, PublicKey>>,
    signers: Signers,
    remaining: readonly { pubkey: PublicKey; isSigner: boolean; isWritable: boolean }[] = [],
  ): Promise<TransactionInstruction> {
    const method = this.#program.methods[name];
    if (!method) throw new Error(`the coupons program has no instruction ${name}`);
    const roles = { authority: true, owner: true, buyer: true, seller: true, rater: true, author: true };
    const wanted = idl.instructions.find((instruction) => camel(instruction.name) === name)?.accounts ?? [];
    const signer = wanted.map((account) => camel(account.name)).find((role) => role in roles && !(role in accounts));
    return method(...args)
      .accountsPartial({ ...(signer ? { [signer]: signers[0].publicKey } : {}), ...accounts })
      .remainingAccounts([...remaining])
      .instruction();
  }

  async #send(
    name: string,
    args: readonly unknown[],
    accounts: Readonly<Record<string, PublicKey>>,
    signers: Signers,
    remaining: readonly { pubkey: PublicKey; isSigner: boolean; isWritable: boolean }[] = [],
  ): Promise<Landed> {
    return this.sender.send([await this.instruction(name, args, accounts, signers, remaining)], signers);
  }

  #derive(prefix: string, ...seeds: Buffer[]): PublicKey {
    return PublicKey.findProgramAddressSync([Buffer.from(prefix), ...seeds], this.programId)[0];
  }
}

/** A u64 as Anchor's client takes it. */
export function u64(value: bigint): InstanceType<typeof BN> {
  return new BN(value.toString());
}

function le(value: bigint, bytes: 4 | 8): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(value);
  return buffer.subarray(0, bytes);
}

function camel(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
