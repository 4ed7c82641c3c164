import { field } from '../../domain-kit/field.js';
import { defineState } from '../../domain-kit/model.js';

/** A sum to be shared among whoever comes first. `_id` is the account's address, here and below. */
export const Packet = defineState(
  'packets',
  {
    creator: field.address(),
    packetId: field.u64(),
    /** False: every share is the same. */
    isRandom: field.flag(),
    /** waiting: a random packet whose randomness is not there yet, so that nobody can claim. */
    status: field.choice(['waiting', 'open', 'exhausted', 'refunded']),
    totalAmount: field.u64(),
    count: field.integer(),
    remainingAmount: field.u64(),
    remainingCount: field.integer(),
    claimedAmount: field.u64(),
    claimedCount: field.integer(),
    refundedAmount: field.u64(),
    /** Null: lamports. */
    mint: field.nullable(field.address()),
    decimals: field.integer(),
    vault: field.address(),
    /** Who may bring the randomness; null for equal shares. */
    oracle: field.nullable(field.address()),
    /** In hex; null until randomness is asked for. */
    vrfRequestId: field.nullable(field.text()),
    randomReady: field.flag(),
    message: field.text(),
    expiresAt: field.time(),
    createdAt: field.time(),
    /** When it was exhausted or refunded. */
    settledAt: field.nullable(field.time()),
    revision: field.u64(),
  },
  {
    settled: {
      /** The claim of the luckiest draw; null for equal shares, and while there is none. */
      bestClaim: field.nullable(field.address()),
    },
    indexes: [{ keys: { creator: 1, createdAt: -1 } }, { keys: { status: 1, expiresAt: 1 } }],
  },
);

/** One wallet's share of a packet: its address follows from both, so there is at most one. */
export const PacketClaim = defineState(
  'packet_claims',
  {
    packet: field.address(),
    claimer: field.address(),
    /** Who paid for the account, and gets that back when it is closed. */
    payer: field.address(),
    /** From 0, in the order of claims. */
    index: field.integer(),
    amount: field.u64(),
    claimedAt: field.time(),
    revision: field.u64(),
  },
  {
    settled: {
      /** The luckiest draw of its packet: one claim of a random packet is, the first of the largest. */
      isBest: field.flag(),
    },
    indexes: [
      { keys: { packet: 1, amount: -1, index: 1 } },
      { keys: { packet: 1, claimer: 1 } },
      { keys: { claimer: 1, claimedAt: -1 } },
    ],
  },
);

/** What a claim drew, named after it: it stays when the claim's account is closed, so that luck does not change hands. */
export const PacketDraw = defineState(
  'packet_draws',
  { packet: field.address(), amount: field.u64(), index: field.integer() },
  { indexes: [{ keys: { packet: 1, amount: -1, index: 1 } }], outlivesAccount: true, mirrorsAccounts: false },
);

/** Whose draw of a packet is the luckiest, named after the packet: it stays when that is closed, as claims may. */
export const PacketCrown = defineState(
  'packet_crowns',
  {
    packet: field.address(),
    isRandom: field.flag(),
    /** Every share is drawn. */
    isEmpty: field.flag(),
  },
  {
    settled: {
      /** Its account may be closed by now; null as `bestClaim` of the packet. */
      claim: field.nullable(field.address()),
    },
    // Whose crown is it? One answer, found at once.
    indexes: [{ keys: { packet: 1 } }, { keys: { claim: 1 } }],
    outlivesAccount: true,
    mirrorsAccounts: false,
  },
);

/** A wallet that made or claimed a packet; which ones, the lists of packets and claims say. */
export const User = defineState(
  'users',
  {
    lastActiveAt: field.time(),
    lastPacket: field.address(),
  },
  { mirrorsAccounts: false },
);
