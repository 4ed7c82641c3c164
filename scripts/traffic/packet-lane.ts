import type { Keypair } from '@solana/web3.js';
import type { Lane } from './lane.js';
import type { PacketSender } from './packet-sender.js';

/** Who shares red packets. */
export interface PacketPeople {
  readonly creator: Keypair;
  readonly claimers: readonly Keypair[];
  /** The address of who brings randomness. */
  readonly oracle: string;
  /** Whether the randomness of a packet is there. */
  readonly isReady: (packet: string) => boolean;
}

const [EQUAL_LAMPORTS, RANDOM_LAMPORTS] = [30_000_000n, 88_888_888n];
const DAY_SECONDS = 24 * 60 * 60;
/** What nobody is to claim expires after so long, so that its refund can be seen. */
const SHORT_SECONDS = 2;
/** The chain's clock may be a little behind ours. */
const CLOCK_SLACK_SECONDS = 2;

/**
 * Equal packets shared until they are empty and then cleared away, random ones claimed as soon as their randomness is
 * there, and some that nobody claims, refunded after their expiry.
 */
export async function* packetLane(sender: PacketSender, { creator, claimers, oracle, isReady }: PacketPeople): Lane {
  // Other lanes of this creator, also of an earlier run, have taken others: by the microsecond none is taken twice.
  let packetId = BigInt(Date.now()) * 1_000n;
  const waiting: string[] = [];
  const forgotten: { readonly packet: string; readonly expiresAt: number }[] = [];
  const nowSeconds = () => Math.floor(Date.now() / 1_000);
  const addressOf = (id: bigint) => sender.at.packet(creator.publicKey.toBase58(), id);
  const terms = (totalAmount: bigint, seconds: number, drawn: boolean) => ({
    ...{ packetId: (packetId += 1n), totalAmount, count: claimers.length, message: '恭喜发财' },
    ...{ expiresAt: nowSeconds() + seconds, oracle: drawn ? oracle : null },
  });

  for (;;) {
    const short = terms(EQUAL_LAMPORTS, SHORT_SECONDS, false);
    yield { ...(await sender.create(creator, short)), events: ['PacketCreated'], sentence: 'A packet for latecomers' };
    forgotten.push({ packet: addressOf(short.packetId), expiresAt: short.expiresAt });

    const drawn = terms(RANDOM_LAMPORTS, DAY_SECONDS, true);
    yield { ...(await sender.create(creator, drawn)), events: ['PacketCreated'], sentence: 'A packet drawn by lot' };
    const asked = await sender.request(creator, addressOf(drawn.packetId));
    yield { ...asked, events: ['PacketVrfRequested'], sentence: '…waits for its randomness' };
    waiting.push(addressOf(drawn.packetId));

    const equal = terms(EQUAL_LAMPORTS, DAY_SECONDS, false);
    const packet = addressOf(equal.packetId);
    yield { ...(await sender.create(creator, equal)), events: ['PacketCreated'], sentence: 'A packet of equal shares' };
    for (const claimer of claimers) {
      yield { ...(await sender.claim(packet, claimer)), events: ['PacketClaimed'], sentence: 'A share is claimed' };
    }
    for (const claimer of claimers) {
      const closed = await sender.closeClaim(packet, claimer);
      yield { ...closed, events: ['PacketClaimClosed'], sentence: 'A claim is cleared away' };
    }
    const closed = await sender.closePacket(packet, creator);
    yield { ...closed, events: ['PacketClosed'], sentence: 'The empty packet as well' };

    for (const ready of waiting.filter(isReady)) {
      waiting.splice(waiting.indexOf(ready), 1);
      for (const claimer of claimers) {
        yield { ...(await sender.claim(ready, claimer)), events: ['PacketClaimed'], sentence: 'A lot is drawn' };
      }
    }
    const [first] = forgotten;
    if (first && nowSeconds() >= first.expiresAt + CLOCK_SLACK_SECONDS) {
      forgotten.shift();
      const refunded = await sender.refund(first.packet, creator);
      yield { ...refunded, events: ['PacketRefunded'], sentence: 'What nobody claimed goes back' };
    }
  }
}
