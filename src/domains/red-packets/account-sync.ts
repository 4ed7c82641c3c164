import type { RedPacketsAccounts } from '../../../idl/red-packets.js';
import { timeFrom, timeOrNull } from '../../domain-kit/chain-time.js';
import type { ModuleDefinition } from '../../domain-kit/domain-module.js';
import { state } from '../../domain-kit/writes.js';
import { hex, statusOf } from './derived.js';
import { Packet, PacketClaim, PacketCrown, PacketDraw } from './models.js';

/**
 * The document that mirrors each account, whole. Of `PacketIds`, by which the program never takes an id twice, nobody has
 * to know; a `User` is no account.
 */
export const redPacketAccounts: ModuleDefinition<object, RedPacketsAccounts>['accounts'] = {
  Packet: (address, account) => [
    state(
      Packet,
      address,
      {
        creator: account.creator,
        packetId: account.packetId,
        isRandom: account.kind === 'random',
        status: statusOf(account.status, account.kind, account.randomness !== null),
        totalAmount: account.totalAmount,
        count: account.count,
        remainingAmount: account.remainingAmount,
        remainingCount: account.remainingCount,
        claimedAmount: account.claimedAmount,
        claimedCount: account.claimedCount,
        refundedAmount: account.refundedAmount,
        mint: account.mint,
        decimals: account.decimals,
        vault: account.vault,
        oracle: account.oracle,
        vrfRequestId: account.requestId && hex(account.requestId),
        randomReady: account.randomness !== null,
        message: account.message,
        expiresAt: timeFrom(account.expiresAt),
        createdAt: timeFrom(account.createdAt),
        settledAt: timeOrNull(account.settledAt),
        revision: account.revision,
      },
      account,
    ),
    state(
      PacketCrown,
      address,
      { packet: address, isRandom: account.kind === 'random', isEmpty: account.status === 'exhausted' },
      account,
    ),
  ],

  PacketClaim: (address, account) => [
    state(
      PacketClaim,
      address,
      {
        packet: account.packet,
        claimer: account.claimer,
        payer: account.payer,
        index: account.index,
        amount: account.amount,
        claimedAt: timeFrom(account.claimedAt),
        revision: account.revision,
      },
      account,
    ),
    state(PacketDraw, address, { packet: account.packet, amount: account.amount, index: account.index }, account),
  ],
};
