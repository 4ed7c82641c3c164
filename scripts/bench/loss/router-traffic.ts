import anchor from '@coral-xyz/anchor';
import {
  Keypair,
  LAMPORTS_PER_SOL,
  Transaction,
  type AccountMeta,
  type PublicKey,
  type TransactionInstruction,
} from '@solana/web3.js';
import routerIdl from '../../../idl/router.json' with { type: 'json' };
import couponsIdl from '../../../idl/coupons.json' with { type: 'json' };
import type { CouponsClient } from '../../../src/dev/coupons-client.js';
import { encodeEvent } from '../encode-event.js';

/** What a person does with our program by way of another one, or pretends to do. Each is one transaction. */
export interface RouterTraffic {
  /** Rates and comments by the router: an `emit!` and an `emit_cpi!` event of a program that another one called. */
  byRouter(): Promise<string>;
  /** Prints or sends what looks like an event. The kinds take turns; one of them also rates, for which there is an event. */
  forge(): Promise<string>;
}

/** Leads the data of a self-invocation that carries an event (`emit_cpi!`). */
const EVENT_TAG = Buffer.from('e445a52e51cb9a1d', 'hex');
/** A node keeps this much of a transaction's log (agave's default); what would exceed it is left out, line by line. */
const LOG_BYTES = 10_000;
/**
 * What is left of it when our program has emitted its event: too little for "Program <address> success" (59 bytes and
 * more) and the next "invoke [1]", enough for "Program log: " with twelve characters of base64.
 */
const LEFT_BYTES = 42;
/** The router chats in lines of 88 bytes, each behind "Program log: ". */
const CHAT_LINE = 88;
const CHAT_PREFIX = 13;
const TRIAL_CHAT_BYTES = 6_000;

/** Opens a shop whose customers come by the router. */
export async function openRouterTraffic(
  client: CouponsClient,
  fund: (address: PublicKey, lamports: number) => Promise<void>,
): Promise<RouterTraffic> {
  const { connection } = client.sender;
  const router = new anchor.Program(routerIdl, { connection });
  const merchant = Keypair.generate();
  await fund(merchant.publicKey, 100 * LAMPORTS_PER_SOL);
  await client.registerMerchant(merchant, 'By the router');
  await client.createPromotion(merchant);
  const promotion = client.at.promotion(client.at.merchant(merchant.publicKey), 1n);
  let comments = 0;
  let turn = 0;
  let forged = 0;

  const call = (name: string, args: readonly unknown[], remaining: AccountMeta[], target?: PublicKey) => {
    const method = router.methods[name];
    if (!method) throw new Error(`the router has no instruction ${name}`);
    return method(...args)
      .accountsPartial(target ? { targetProgram: target } : {})
      .remainingAccounts(remaining)
      .instruction();
  };
  const send = async (...instructions: TransactionInstruction[]): Promise<string> =>
    (await client.sender.send(instructions, [merchant])).signature;
  const rating = () => client.instruction('ratePromotion', [1 + (turn % 5)], { promotion }, [merchant]);
  // Named, so that who follows our program's address is told of the transaction.
  const named: AccountMeta = { pubkey: client.programId, isSigner: false, isWritable: false };

  /** Cuts the log so that our program seems to be still running when the router prints the start of an event. */
  async function cutLog(): Promise<string> {
    const started = discriminatorAlone().toString('base64');
    const build = async (chatBytes: number) => [
      await call('forwardChatty', [chatBytes, EVENT_TAG], [], router.programId),
      await rating(),
      await call('logText', [started], [named]),
    ];
    const trial = new Transaction().add(...(await build(TRIAL_CHAT_BYTES)));
    const { value } = await connection.simulateTransaction(trial, [merchant]);
    const logs = value.logs ?? [];
    const emitted = logs.findLastIndex((line) => line.startsWith('Program data: '));
    if (value.err || emitted < 0) throw new Error(`the forged transaction fails: ${JSON.stringify(value.err)}`);
    const used = logs.slice(0, emitted + 1).reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    // Behind a compute budget instruction, whose two lines the trial does not have.
    const budgetLines = 2 * 'Program ComputeBudget111111111111111111111111111111 invoke [1]'.length - 4;
    const more = LOG_BYTES - LEFT_BYTES - used - budgetLines;
    const lines = Math.floor(more / (CHAT_LINE + CHAT_PREFIX));
    const rest = Math.max(0, more - lines * (CHAT_LINE + CHAT_PREFIX) - CHAT_PREFIX);
    return send(...(await build(TRIAL_CHAT_BYTES + lines * CHAT_LINE + rest)));
  }

  const forgeries: readonly (() => Promise<string>)[] = [
    cutLog,
    async () => send(await call('logData', [ratingEvent(promotion)], [named])),
    async () => send(await call('logText', [`Program data: ${ratingEvent(promotion).toString('base64')}`], [named])),
    async () => send(await call('logText', [ratingEvent(promotion).toString('base64')], [named])),
    async () =>
      send(await call('forward', [Buffer.concat([EVENT_TAG, ratingEvent(promotion)])], [named], router.programId)),
  ];
  return {
    byRouter: async () => {
      turn += 1;
      const isComment = turn % 2 === 0;
      const { data, keys } = isComment
        ? await client.instruction(
            'addComment',
            ['By way of the router'],
            { promotion, comment: client.at.comment(promotion, comments) },
            [merchant],
          )
        : await rating();
      const signature = await send(await call('forward', [data], keys, client.programId));
      if (isComment) comments += 1;
      return signature;
    },
    forge: () => {
      const forgery = forgeries[forged % forgeries.length];
      forged += 1;
      turn += 1;
      if (!forgery) throw new RangeError('there is nothing to forge');
      return forgery();
    },
  };
}

/**
 * The first eight bytes of an event and nothing else. Anchor's coder fills up with zeros what is missing of addresses and
 * 64-bit numbers; only shorter numbers and texts make it throw.
 */
function discriminatorAlone(): Buffer {
  const forgiving: readonly unknown[] = ['pubkey', 'u64', 'i64'];
  const event = couponsIdl.events.find(({ name }) => {
    const type = couponsIdl.types.find((candidate) => candidate.name === name)?.type;
    return type?.fields?.every((field) => forgiving.includes(field.type));
  });
  if (!event) throw new Error('the IDL has no event of addresses and 64-bit numbers alone');
  return Buffer.from(event.discriminator);
}

/** The bytes of an event that the program could have emitted and never has. */
function ratingEvent(promotion: PublicKey): Buffer {
  const address = promotion.toBase58();
  return encodeEvent('PromotionRated', {
    rating: address,
    promotion: address,
    rater: address,
    stars: 5,
    previousStars: 0,
    ratedAt: 1n,
    revision: 1n,
    promotionRatingCount: 1_000_000,
    promotionRatingSum: 5_000_000n,
    promotionRevision: 1_000_000n,
  });
}
