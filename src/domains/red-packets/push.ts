import type { RedPacketsEvents } from '../../../idl/red-packets.js';
import { timeFrom } from '../../domain-kit/chain-time.js';
import { definePush, pushAfterCorrection, pushResult, type Push, type Room } from '../../domain-kit/push.js';
import { statusOf } from './derived.js';
import { Packet } from './models.js';

/**
 * What clients are told of red packets. Ids are addresses: `packetId` the packet's, `claimId` the claim's, `claimerId` and
 * `creatorId` the wallets'. Numbers of a packet are those after the event, with the packet's own `revision`: of two messages the
 * one with the higher one is newer, in whatever order they come.
 */
export const redPacketPush: Push = definePush<RedPacketsEvents>({
  rooms: { packets: 'address', wallets: 'address' },
  events: {
    PacketCreated: ({ data }) => [
      {
        name: 'packet:created',
        rooms: [
          ['packets', data.packet],
          ['wallets', data.creator],
        ],
        payload: {
          packetId: data.packet,
          creatorId: data.creator,
          number: data.packetId,
          isRandom: data.kind === 'random',
          status: statusOf('open', data.kind, false),
          totalAmount: data.totalAmount,
          count: data.count,
          remainingAmount: data.remainingAmount,
          remainingCount: data.remainingCount,
          mint: data.mint,
          decimals: data.decimals,
          message: data.message,
          expiresAt: timeFrom(data.expiresAt),
          createdAt: timeFrom(data.createdAt),
          revision: data.revision,
        },
      },
    ],

    PacketVrfRequested: ({ data }) => [
      {
        name: 'packet:randomness-requested',
        rooms: [
          ['packets', data.packet],
          ['wallets', data.creator],
        ],
        payload: { packetId: data.packet, oracleId: data.oracle, revision: data.revision },
      },
    ],

    PacketRandomReady: ({ data }) => [
      {
        name: 'packet:random-ready',
        rooms: [['packets', data.packet]],
        payload: { packetId: data.packet, readyAt: timeFrom(data.readyAt), revision: data.revision },
      },
    ],

    PacketClaimed: ({ data }) => [
      {
        name: 'packet:claimed',
        rooms: [
          ['packets', data.packet],
          ['wallets', data.claimer],
        ],
        payload: {
          packetId: data.packet,
          claimId: data.claim,
          claimerId: data.claimer,
          amount: data.amount,
          index: data.index,
          remainingCount: data.packetRemainingCount,
          remainingAmount: data.packetRemainingAmount,
          status: data.packetStatus,
          claimedAt: timeFrom(data.claimedAt),
          revision: data.packetRevision,
        },
      },
    ],

    PacketRefunded: ({ data }) => [
      {
        name: 'packet:refunded',
        rooms: [
          ['packets', data.packet],
          ['wallets', data.creator],
        ],
        payload: {
          packetId: data.packet,
          creatorId: data.creator,
          amount: data.amount,
          remainingCount: data.remainingCount,
          remainingAmount: data.remainingAmount,
          refundedAt: timeFrom(data.refundedAt),
          revision: data.revision,
        },
      },
    ],

    PacketClosed: ({ data }) => [
      {
        name: 'packet:closed',
        rooms: [
          ['packets', data.packet],
          ['wallets', data.creator],
        ],
        payload: { packetId: data.packet, creatorId: data.creator, closedAt: timeFrom(data.closedAt) },
      },
    ],
  },

  documents: [
    pushResult(Packet, ['bestClaim'], (packetId, { bestClaim, creator }) => ({
      name: 'packet:best-updated',
      rooms: roomsOf(packetId, creator),
      payload: { packetId, claimId: bestClaim },
    })),
    // Whoever takes a claim off the page has to know what is left without it.
    pushAfterCorrection(Packet, (packetId, packet) => ({
      name: 'packet:restated',
      rooms: roomsOf(packetId, packet?.creator),
      payload: {
        packetId,
        exists: packet !== null,
        status: packet?.status ?? null,
        remainingCount: packet?.remainingCount ?? null,
        remainingAmount: packet?.remainingAmount ?? null,
        claimedCount: packet?.claimedCount ?? null,
        claimedAmount: packet?.claimedAmount ?? null,
        bestClaimId: packet?.bestClaim ?? null,
        revision: packet?.revision ?? null,
      },
    })),
  ],

  correction: { name: 'packet:corrected', repeats: ['packetId', 'claimId', 'claimerId', 'creatorId'] },
});

/** Nobody knows the creator of a packet whose creation was not seen, or was taken back. */
function roomsOf(packet: string, creator: string | undefined): readonly Room[] {
  const ofPacket: Room = ['packets', packet];
  return creator === undefined ? [ofPacket] : [ofPacket, ['wallets', creator]];
}
