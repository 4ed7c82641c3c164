import type { PacketClaimed, RedPacketsEvents } from '../../../idl/red-packets.js';
import { timeFrom } from '../../domain-kit/chain-time.js';
import type { ModuleDefinition } from '../../domain-kit/domain-module.js';
import { close, state } from '../../domain-kit/writes.js';
import { hex, statusOf } from './derived.js';
import { Packet, PacketClaim, PacketCrown, PacketDraw, User } from './models.js';

/** What each event of the red packets program changes. Every value is absolute and comes from the event alone. */
export const redPacketEvents: ModuleDefinition<RedPacketsEvents, object>['events'] = {
  PacketCreated: ({ data }) => [
    state(
      Packet,
      data.packet,
      {
        creator: data.creator,
        packetId: data.packetId,
        isRandom: data.kind === 'random',
        status: statusOf('open', data.kind, false),
        totalAmount: data.totalAmount,
        count: data.count,
        remainingAmount: data.remainingAmount,
        remainingCount: data.remainingCount,
        claimedAmount: 0n,
        claimedCount: 0,
        refundedAmount: 0n,
        mint: data.mint,
        decimals: data.decimals,
        vault: data.vault,
        oracle: data.oracle,
        vrfRequestId: null,
        randomReady: false,
        message: data.message,
        expiresAt: timeFrom(data.expiresAt),
        createdAt: timeFrom(data.createdAt),
        settledAt: null,
        revision: data.revision,
      },
      data,
    ),
    state(PacketCrown, data.packet, { packet: data.packet, isRandom: data.kind === 'random' }, data),
    active(data.creator, data.packet, data.createdAt),
  ],

  PacketVrfRequested: ({ data }) => [
    state(Packet, data.packet, { vrfRequestId: hex(data.requestId), revision: data.revision }, data),
  ],

  // The program takes randomness for packets alone that are open.
  PacketRandomReady: ({ data }) => [
    state(Packet, data.packet, { randomReady: true, status: 'open', revision: data.revision }, data),
  ],

  PacketClaimed: ({ data }) => [
    state(
      PacketClaim,
      data.claim,
      {
        packet: data.packet,
        claimer: data.claimer,
        payer: data.payer,
        index: data.index,
        amount: data.amount,
        claimedAt: timeFrom(data.claimedAt),
        revision: data.revision,
      },
      data,
    ),
    state(
      Packet,
      data.packet,
      {
        // Whoever can claim has the randomness already.
        status: data.packetStatus,
        remainingAmount: data.packetRemainingAmount,
        remainingCount: data.packetRemainingCount,
        claimedAmount: data.packetClaimedAmount,
        claimedCount: data.packetClaimedCount,
        ...(data.packetStatus === 'open' ? {} : { settledAt: timeFrom(data.claimedAt) }),
        revision: data.packetRevision,
      },
      { revision: data.packetRevision },
    ),
    state(PacketDraw, data.claim, { packet: data.packet, amount: data.amount, index: data.index }, data),
    ...(data.packetStatus === 'exhausted' ? [emptied(data)] : []),
    active(data.claimer, data.packet, data.claimedAt),
  ],

  PacketRefunded: ({ data }) => [
    state(
      Packet,
      data.packet,
      {
        status: 'refunded',
        refundedAmount: data.amount,
        remainingAmount: data.remainingAmount,
        remainingCount: data.remainingCount,
        claimedAmount: data.claimedAmount,
        claimedCount: data.claimedCount,
        settledAt: timeFrom(data.refundedAt),
        revision: data.revision,
      },
      data,
    ),
  ],

  PacketClaimClosed: ({ data }) => [close(PacketClaim, data.claim, data)],

  PacketClosed: ({ data }) => [close(Packet, data.packet, data)],
};

function emptied({ packet, packetRevision }: PacketClaimed) {
  return state(PacketCrown, packet, { packet, isEmpty: true }, { revision: packetRevision });
}

function active(wallet: string, packet: string, at: bigint) {
  return state(User, wallet, { lastActiveAt: timeFrom(at), lastPacket: packet });
}
