import { Connection, Keypair, LAMPORTS_PER_SOL, PublicKey } from '@solana/web3.js';
import PQueue from 'p-queue';
import idl from '../../idl/red-packets.json' with { type: 'json' };
import type { Packet } from '../../idl/red-packets.js';
import { compileProgramCodec } from '../../src/decoding/idl-codec.js';
import { systemClock } from '../../src/lib/clock.js';
import { messageOf } from '../../src/lib/errors.js';
import { judgeLoad, type LandedClaim, type LoadReport, type PacketReading } from './judge-load.js';
import type { LoadGround } from './load-ground.js';
import { PacketSender } from '../traffic/packet-sender.js';
import { PushListener } from './push-listener.js';

/** How long the last messages are waited for after none came, in milliseconds. */
const PATIENCE_MS = 30_000;
const DAY_SECONDS = 24 * 60 * 60;
const LOOK_EVERY_MS = 100;
const TOTAL_LAMPORTS = 1_000_000_000n;
const PURSE_LAMPORTS = LAMPORTS_PER_SOL;

/** How much load. */
export interface PacketsLoad {
  readonly packets: number;
  /** Each claims a share of every packet. */
  readonly wallets: number;
  readonly listeners: number;
  /** Claims under way at once. */
  readonly concurrency: number;
  readonly programId: string;
  readonly apiKey: string | undefined;
}

/** Packets made and claimed at once while clients listen; then everything is compared with the accounts on chain. */
export async function runPackets(
  { chain, apiUrl }: LoadGround,
  load: PacketsLoad,
  say: (line: string) => void,
): Promise<LoadReport> {
  const [rpcUrl, wsUrl] = [chain.rpcUrls[0] as string, chain.wsUrls[0] as string];
  const sender = new PacketSender(rpcUrl, wsUrl, load.programId);
  const queue = new PQueue({ concurrency: load.concurrency });
  const creators = Array.from({ length: load.packets }, () => Keypair.generate());
  const wallets = Array.from({ length: load.wallets }, () => Keypair.generate());
  say(`funding ${creators.length + wallets.length} wallets`);
  await queue.addAll([
    ...creators.map((creator) => () => chain.fund(creator.publicKey, 3 * PURSE_LAMPORTS)),
    ...wallets.map((wallet) => () => chain.fund(wallet.publicKey, PURSE_LAMPORTS)),
  ]);
  say(`connecting ${load.listeners} listeners to ${apiUrl}`);
  const listeners = await Promise.all(
    Array.from({ length: load.listeners }, () => PushListener.connect(apiUrl, load.apiKey, { packets: ['*'] })),
  );
  try {
    say(`making ${load.packets} packets, and claiming ${load.packets * load.wallets} shares`);
    const began = performance.now();
    const packets: string[] = [];
    const claims: LandedClaim[] = [];
    const failed: string[] = [];
    await Promise.all(
      creators.map(async (creator) => {
        const open = () =>
          sender.open(creator, {
            ...{ packetId: BigInt(Date.now()), totalAmount: TOTAL_LAMPORTS, count: load.wallets, message: 'load' },
            expiresAt: Math.floor(Date.now() / 1_000) + DAY_SECONDS,
          });
        const packet = await queue.add<string>(open);
        packets.push(packet);
        await queue.addAll(
          wallets.map((wallet) => async () => {
            const sentAt = performance.now();
            try {
              const { signature } = await sender.claim(packet, wallet);
              claims.push({ signature, packet, sentAt, confirmedAt: performance.now() });
            } catch (error) {
              failed.push(messageOf(error));
            }
          }),
        );
      }),
    );
    const seconds = (performance.now() - began) / 1_000;
    say('everything has landed; waiting for the last messages');
    await quiet(listeners, claims);
    const disconnected = listeners.filter(({ ended }) => ended !== null).length;
    const readings = await readPackets(rpcUrl, apiUrl, load, packets);
    return judgeLoad({
      ...{ claims, failed, seconds, disconnected, totalAmount: TOTAL_LAMPORTS, packets: readings },
      heard: listeners.map(({ heard }) => heard),
    });
  } finally {
    for (const listener of listeners) listener.close();
  }
}

/** Until every listener has heard of every claim, or nobody hears anything any more. */
async function quiet(listeners: readonly PushListener[], claims: readonly LandedClaim[]): Promise<void> {
  const landed = new Set(claims.map(({ signature }) => signature));
  const countOf = ({ heard }: PushListener) =>
    new Set(
      heard.flatMap(({ name, payload }) =>
        name === 'packet:claimed' && landed.has(String(payload['signature'])) ? [payload['signature']] : [],
      ),
    ).size;
  let [last, since] = [-1, performance.now()];
  while (performance.now() - since < PATIENCE_MS) {
    const counts = listeners.map(countOf);
    if (counts.every((count) => count === landed.size)) return;
    const sum = counts.reduce((total, count) => total + count, 0);
    if (sum !== last) [last, since] = [sum, performance.now()];
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}

async function readPackets(
  rpcUrl: string,
  apiUrl: string,
  load: PacketsLoad,
  packets: readonly string[],
): Promise<Map<string, { chain: PacketReading | null; api: PacketReading | null }>> {
  const connection = new Connection(rpcUrl, 'confirmed');
  const codec = compileProgramCodec(idl, load.programId);
  const headers = load.apiKey === undefined ? {} : { authorization: `Bearer ${load.apiKey}` };
  const readings = new Map<string, { chain: PacketReading | null; api: PacketReading | null }>();
  for (const packet of packets) {
    const account = await connection.getAccountInfo(new PublicKey(packet));
    const decoded = account && codec.decodeAccount(account.data);
    const onChain = decoded?.ok ? (decoded.data as unknown as Packet) : null;
    const answer = await fetch(new URL(`/api/packets/${packet}`, apiUrl), { headers });
    const shown = answer.ok ? ((await answer.json()) as PacketReading) : null;
    readings.set(packet, {
      chain: onChain && {
        remainingAmount: onChain.remainingAmount.toString(),
        remainingCount: onChain.remainingCount,
      },
      api: shown && { remainingAmount: shown.remainingAmount, remainingCount: shown.remainingCount },
    });
  }
  return readings;
}
