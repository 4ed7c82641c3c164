// Generated from idl/red-packets.json by `npm run idl-types`. Do not edit.

export interface Packet {
  readonly revision: bigint;
  readonly creator: string;
  readonly packetId: bigint;
  readonly kind: PacketKind;
  readonly status: PacketStatus;
  readonly totalAmount: bigint;
  readonly count: number;
  readonly remainingAmount: bigint;
  readonly remainingCount: number;
  readonly claimedAmount: bigint;
  readonly claimedCount: number;
  readonly refundedAmount: bigint;
  readonly mint: string | null;
  readonly decimals: number;
  readonly vault: string;
  readonly oracle: string | null;
  readonly requestId: Uint8Array | null;
  readonly randomness: Uint8Array | null;
  readonly message: string;
  readonly expiresAt: bigint;
  readonly createdAt: bigint;
  readonly settledAt: bigint;
  readonly bump: number;
}

export interface PacketClaim {
  readonly revision: bigint;
  readonly packet: string;
  readonly claimer: string;
  readonly payer: string;
  readonly index: number;
  readonly amount: bigint;
  readonly claimedAt: bigint;
  readonly bump: number;
}

export interface PacketIds {
  readonly revision: bigint;
  readonly creator: string;
  readonly highestClosedId: bigint;
  readonly closedPackets: bigint;
  readonly bump: number;
}

export type PacketKind = 'equal' | 'random';

export type PacketStatus = 'open' | 'exhausted' | 'refunded';

export interface PacketCreated {
  readonly packet: string;
  readonly creator: string;
  readonly vault: string;
  readonly revision: bigint;
  readonly packetId: bigint;
  readonly kind: PacketKind;
  readonly mint: string | null;
  readonly decimals: number;
  readonly totalAmount: bigint;
  readonly count: number;
  readonly remainingAmount: bigint;
  readonly remainingCount: number;
  readonly message: string;
  readonly oracle: string | null;
  readonly expiresAt: bigint;
  readonly createdAt: bigint;
}

export interface PacketVrfRequested {
  readonly packet: string;
  readonly creator: string;
  readonly oracle: string;
  readonly requestId: Uint8Array;
  readonly revision: bigint;
  readonly requestedAt: bigint;
}

export interface PacketRandomReady {
  readonly packet: string;
  readonly oracle: string;
  readonly requestId: Uint8Array;
  readonly randomness: Uint8Array;
  readonly revision: bigint;
  readonly readyAt: bigint;
}

export interface PacketClaimed {
  readonly claim: string;
  readonly packet: string;
  readonly claimer: string;
  readonly payer: string;
  readonly amount: bigint;
  readonly index: number;
  readonly revision: bigint;
  readonly packetRevision: bigint;
  readonly packetStatus: PacketStatus;
  readonly packetRemainingAmount: bigint;
  readonly packetRemainingCount: number;
  readonly packetClaimedAmount: bigint;
  readonly packetClaimedCount: number;
  readonly claimedAt: bigint;
}

export interface PacketRefunded {
  readonly packet: string;
  readonly creator: string;
  readonly amount: bigint;
  readonly unclaimedCount: number;
  readonly revision: bigint;
  readonly remainingAmount: bigint;
  readonly remainingCount: number;
  readonly claimedAmount: bigint;
  readonly claimedCount: number;
  readonly refundedAt: bigint;
}

export interface PacketClaimClosed {
  readonly claim: string;
  readonly packet: string;
  readonly claimer: string;
  readonly payer: string;
  readonly revision: bigint;
  readonly closedAt: bigint;
}

export interface PacketClosed {
  readonly packet: string;
  readonly creator: string;
  readonly packetIds: string;
  readonly revision: bigint;
  readonly packetIdsRevision: bigint;
  readonly packetIdsHighestClosedId: bigint;
  readonly packetIdsClosedPackets: bigint;
  readonly closedAt: bigint;
}

export interface RedPacketsEvents {
  readonly PacketCreated: PacketCreated;
  readonly PacketVrfRequested: PacketVrfRequested;
  readonly PacketRandomReady: PacketRandomReady;
  readonly PacketClaimed: PacketClaimed;
  readonly PacketRefunded: PacketRefunded;
  readonly PacketClaimClosed: PacketClaimClosed;
  readonly PacketClosed: PacketClosed;
}

export interface RedPacketsAccounts {
  readonly Packet: Packet;
  readonly PacketClaim: PacketClaim;
  readonly PacketIds: PacketIds;
}
