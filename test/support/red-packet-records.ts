import { Keypair } from '@solana/web3.js';
import type { PacketClaimed, PacketKind, RedPacketsEvents } from '../../idl/red-packets.js';
import type { LedgerRecord } from '../../src/ledger/ledger-record.js';
import { toJson } from '../../src/lib/json.js';

/** A new base58 address. */
export function newAddress(): string {
  return Keypair.generate().publicKey.toBase58();
}

/** A received record of an event, alone in its transaction. */
export function eventRecord<Name extends keyof RedPacketsEvents>(
  name: Name,
  slot: number,
  data: RedPacketsEvents[Name],
  signature = `${name}-${slot}-${newAddress().slice(0, 8)}`,
): LedgerRecord {
  const seenAt = new Date();
  return {
    ...{ _id: `${signature}/log/0`, kind: 'event', program: 'red-packets', signature, name, data },
    ...{ slot, index: 0, place: 0, touches: [], of: 1, state: 'received', commitment: 'confirmed', source: 'socket' },
    ...{ seenAs: 'confirmed', generation: 0, attempts: 0, error: null, seenAt, appliedAt: null, finalizedAt: null },
    ...{ finalityDueAt: seenAt, nextAttemptAt: null, blockhash: null, blockTime: null, disputed: false },
    raw: new TextEncoder().encode(toJson(data)),
  };
}

/** A packet whose shares are drawn one after another, each of these amounts, in slots of their own from `slot` on. */
export function packetRecords(options: {
  readonly amounts: readonly bigint[];
  readonly kind?: PacketKind;
  readonly slot?: number;
  readonly packet?: string;
  readonly creator?: string;
}) {
  const { amounts, kind = 'random', slot = 1, packet = newAddress(), creator = newAddress() } = options;
  const totalAmount = amounts.reduce((sum, amount) => sum + amount, 0n);
  const count = amounts.length;
  const created = eventRecord('PacketCreated', slot, {
    ...{
      packet,
      creator,
      vault: packet,
      revision: 1n,
      packetId: 1n,
      kind,
      mint: null,
      decimals: 9,
      totalAmount,
      count,
    },
    ...{ remainingAmount: totalAmount, remainingCount: count, message: 'luck', oracle: null },
    ...{ expiresAt: 2_000_000_000n, createdAt: 1_000n },
  });
  const ready = eventRecord('PacketRandomReady', slot + 1, {
    ...{ packet, oracle: creator, requestId: new Uint8Array(32), randomness: new Uint8Array(32) },
    ...{ revision: 2n, readyAt: 1_001n },
  });
  const claims = amounts.map((amount, index) => {
    const drawn = amounts.slice(0, index + 1).reduce((sum, one) => sum + one, 0n);
    const claimer = newAddress();
    const data: PacketClaimed = {
      ...{ claim: newAddress(), packet, claimer, payer: claimer, amount, index, revision: 1n },
      ...{ packetRevision: BigInt(index + 3), packetStatus: index + 1 === count ? 'exhausted' : 'open' },
      ...{ packetRemainingAmount: totalAmount - drawn, packetRemainingCount: count - index - 1 },
      ...{ packetClaimedAmount: drawn, packetClaimedCount: index + 1, claimedAt: 1_002n },
    };
    return { record: eventRecord('PacketClaimed', slot + 2 + index, data), data };
  });
  return { packet, creator, created, ready, claims, all: [created, ready, ...claims.map(({ record }) => record)] };
}

/** The same event, landed in another slot. */
export function movedTo(slot: number, record: LedgerRecord): LedgerRecord {
  return { ...record, slot };
}
