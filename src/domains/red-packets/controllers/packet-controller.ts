import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CommandRefused, defineCommand, signerFor, type CommandPlan } from '../../../domain-kit/command.js';
import {
  addressField,
  integerField,
  signerField,
  textField,
  timeField,
  U64_MAX,
  u64Field,
} from '../../../domain-kit/command-fields.js';
import { openAssociatedToken } from '../../../domain-kit/token-account.js';
import { Packet, PacketClaim } from '../models.js';
import { moneyAccounts, redPacketsProgram } from './red-packets-program.js';

const U32_MAX = 2 ** 32 - 1;
const MAX_MESSAGE_BYTES = 100;
const REQUEST_ID_BYTES = 32;
/** The variants of `PacketKind` as the IDL writes them. */
const KIND = { equal: 'Equal', random: 'Random' } as const;

const packetParams = z.strictObject({ packet: addressField('The packet') });
const byCreator = z.strictObject({ creator: signerField('Who made it') });

/** Commands about packets and their claims. */
export const PacketController = {
  create: defineCommand({
    name: 'PacketController.create',
    method: 'post',
    path: '/packets',
    summary: 'Makes a packet: lamports, or tokens of a mint, for whoever claims a share first',
    params: z.strictObject({}),
    body: z
      .strictObject({
        creator: signerField('Who pays the sum in'),
        packetId: u64Field("Id among the creator's packets, never used before. Left out: one is chosen.").optional(),
        kind: z.enum(['equal', 'random']).meta({ description: 'Shares of one size, or drawn by lot' }),
        totalAmount: u64Field('The sum, in lamports or the smallest unit of the mint', 1n),
        count: integerField('How many shares', 1, U32_MAX),
        mint: addressField('The mint of the tokens; left out: lamports').optional(),
        message: textField('Message', 0, MAX_MESSAGE_BYTES).default(''),
        expiresAt: timeField('Until when it can be claimed; a year at most'),
        oracle: addressField('Who brings the randomness of a random packet').optional(),
      })
      .refine(({ kind, oracle }) => (kind === 'random') === (oracle !== undefined), {
        error: 'must be given for a random packet, and for no other',
        path: ['oracle'],
      })
      .refine(({ totalAmount, count }) => typeof totalAmount !== 'bigint' || totalAmount >= BigInt(count), {
        error: 'must be at least one unit for each share',
        path: ['totalAmount'],
      }),
    build: ({ body, index }, context) => {
      const program = redPacketsProgram(context);
      const creator = signerFor(context, 'creator', body.creator);
      const packetId = body.packetId ?? index ?? 0n;
      if (packetId > U64_MAX) throw noIdLeft(creator);
      const packet = program.at.packet(creator, packetId);
      const args = {
        packet_id: packetId,
        kind: { [KIND[body.kind]]: {} },
        total_amount: body.totalAmount,
        count: body.count,
        message: body.message,
        expires_at: body.expiresAt,
        oracle: body.oracle ?? null,
      };
      const money = moneyAccounts(program, 'creator_token', packet, creator, body.mint ?? null);
      const accounts = {
        ...{ packet, packet_ids: program.at.packetIds(creator), creator, mint: body.mint ?? null },
        ...money,
      };
      return Promise.resolve(byItsCreator(packet, creator, [program.instruction('create_packet', args, accounts)]));
    },
    races: ({ packetId }) => (packetId === undefined ? ['PacketAlreadyExists', 'PacketIdSpent'] : []),
    numbers: {
      row: ({ body }, context) =>
        body.packetId === undefined ? `packet/${signerFor(context, 'creator', body.creator)}` : undefined,
      read: async ({ body }, context) => {
        const program = redPacketsProgram(context);
        const creator = signerFor(context, 'creator', body.creator);
        const ids = await program.find('PacketIds', program.at.packetIds(creator));
        // Closing a packet spends every id below its own.
        const floor = ids === null ? 0n : ids.highestClosedId + 1n;
        // Packets that others made for this creator are not counted anywhere; the clock is ahead of most of their ids.
        const clock = BigInt(Date.now());
        return { floor, next: clock > floor ? clock : floor };
      },
    },
  }),

  requestRandomness: defineCommand({
    name: 'PacketController.requestRandomness',
    method: 'post',
    path: '/packets/:packet/randomness-request',
    summary: 'Asks the oracle of a random packet for its randomness; nobody can claim before it is there',
    params: packetParams,
    body: byCreator,
    build: ({ params: { packet }, body }, context) => {
      const { instruction } = redPacketsProgram(context);
      const creator = signerFor(context, 'creator', body.creator);
      const args = { request_id: [...randomBytes(REQUEST_ID_BYTES)] };
      return Promise.resolve(
        byItsCreator(packet, creator, [instruction('request_randomness', args, { packet, creator })]),
      );
    },
  }),

  claim: defineCommand({
    name: 'PacketController.claim',
    method: 'post',
    path: '/packets/:packet/claims',
    summary: 'Claims a share: once for each wallet',
    params: packetParams,
    body: z.strictObject({
      claimer: signerField('Who claims'),
      payer: signerField("Who pays for the claim's account"),
    }),
    build: async ({ params, body }, context) => {
      const program = redPacketsProgram(context);
      const claimer = signerFor(context, 'claimer', body.claimer);
      const payer = body.payer === undefined ? claimer : signerFor(context, 'payer', body.payer);
      const { mint } = await program.read('Packet', params.packet, 'packet');
      const claim = program.at.claim(params.packet, claimer);
      const money = moneyAccounts(program, 'claimer_token', params.packet, claimer, mint);
      const accounts = { packet: params.packet, claim, claimer, payer, ...money };
      return {
        instructions: [...tokensOf(claimer, mint, payer), program.instruction('claim', {}, accounts)],
        signers: payer === claimer ? [claimer] : [payer, claimer],
        address: claim,
        addresses: { claim, packet: params.packet },
        documents: [
          { model: PacketClaim, key: claim },
          { model: Packet, key: params.packet },
        ],
      };
    },
  }),

  refund: defineCommand({
    name: 'PacketController.refund',
    method: 'post',
    path: '/packets/:packet/refund',
    summary: 'Gives what nobody claimed back to the creator, once the packet has expired',
    params: packetParams,
    body: byCreator,
    build: async ({ params: { packet }, body }, context) => {
      const program = redPacketsProgram(context);
      const creator = signerFor(context, 'creator', body.creator);
      const { mint } = await program.read('Packet', packet, 'packet');
      const accounts = { packet, creator, ...moneyAccounts(program, 'creator_token', packet, creator, mint) };
      return byItsCreator(packet, creator, [...tokensOf(creator, mint), program.instruction('refund', {}, accounts)]);
    },
  }),

  close: defineCommand({
    name: 'PacketController.close',
    method: 'post',
    path: '/packets/:packet/close',
    summary: "Gives the rent of a packet's account back, once nothing can be claimed any more",
    params: packetParams,
    body: byCreator,
    build: async ({ params: { packet }, body }, context) => {
      const program = redPacketsProgram(context);
      const creator = signerFor(context, 'creator', body.creator);
      const { mint } = await program.read('Packet', packet, 'packet');
      const money = moneyAccounts(program, 'creator_token', packet, creator, mint);
      const accounts = { packet, packet_ids: program.at.packetIds(creator), creator, ...money };
      return byItsCreator(packet, creator, [
        ...tokensOf(creator, mint),
        program.instruction('close_packet', {}, accounts),
      ]);
    },
  }),

  closeClaim: defineCommand({
    name: 'PacketController.closeClaim',
    method: 'post',
    path: '/packet_claims/:claim/close',
    summary: "Gives the rent of a claim's account back to who paid it, once its packet is over",
    params: z.strictObject({ claim: addressField('The claim') }),
    body: z.strictObject({ payer: signerField('Who paid for it') }),
    build: async ({ params: { claim }, body }, context) => {
      const { instruction, read } = redPacketsProgram(context);
      const payer = signerFor(context, 'payer', body.payer);
      const { packet } = await read('PacketClaim', claim, 'claim');
      return {
        instructions: [instruction('close_claim', {}, { claim, packet, payer })],
        signers: [payer],
        address: claim,
        addresses: { claim, packet },
        documents: [{ model: PacketClaim, key: claim }],
      };
    },
  }),
};

/** Makes the token account of `wallet` where it is missing, which its owner may have closed; nothing for lamports. */
function tokensOf(wallet: string, mint: string | null, payer = wallet): CommandPlan['instructions'] {
  return mint === null ? [] : [openAssociatedToken(payer, mint, wallet)];
}

/** What the creator of a packet does to it, and shows of it. */
function byItsCreator(packet: string, creator: string, instructions: CommandPlan['instructions']): CommandPlan {
  return {
    instructions,
    signers: [creator],
    address: packet,
    addresses: { packet },
    documents: [{ model: Packet, key: packet }],
  };
}

/** Nothing comes after the highest id: whoever used it has to name the ids of other packets. */
function noIdLeft(creator: string): CommandRefused {
  return new CommandRefused(
    'conflict',
    `The server can choose no id for a packet of ${creator}: the highest one, ${U64_MAX}, was taken. ` +
      'Name a packetId that was never used and is above that of every packet you closed, or let another wallet create it.',
    'packetId',
  );
}
