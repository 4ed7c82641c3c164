import type { Keypair } from '@solana/web3.js';
import type { mongo } from 'mongoose';
import type { Landed } from '../../src/dev/send-and-confirm.js';
import { systemClock } from '../../src/lib/clock.js';
import { messageOf } from '../../src/lib/errors.js';
import { repeat } from '../../src/lib/repeat.js';
import type { PacketSender } from './packet-sender.js';

const LOOK_EVERY_MS = 250;

/** An oracle for development: brings the randomness that packets ask it for. In production the oracle is somebody else's. */
export interface RandomnessWorker {
  /** Whether it has brought the randomness of this packet. */
  hasAnswered(packet: string): boolean;
  /** Brings what is under way, and nothing more. */
  stop(): Promise<void>;
}

/**
 * Answers requests as mooring's documents show them: a packet that waits, has asked, and names this oracle. Who asked and
 * was not answered yet is still there after a crash. `onAnswered` hears of each answer that is confirmed.
 */
export function startRandomnessWorker(
  db: mongo.Db,
  sender: PacketSender,
  oracle: Keypair,
  told: { readonly answered?: (packet: string, landed: Landed) => void; readonly trouble: (reason: string) => void },
): RandomnessWorker {
  const stop = new AbortController();
  const answered = new Set<string>();
  const packets = db.collection<{ _id: string; vrfRequestId: string }>('packets');
  const asked = { status: 'waiting', oracle: oracle.publicKey.toBase58(), vrfRequestId: { $type: 'string' } } as const;
  const looking = repeat(
    systemClock,
    LOOK_EVERY_MS,
    stop.signal,
    async () => {
      for (const { _id: packet, vrfRequestId } of await packets.find(asked).toArray()) {
        // Its document says so a moment later.
        if (answered.has(packet) || stop.signal.aborted) continue;
        try {
          const landed = await sender.fulfil(oracle, packet, Buffer.from(vrfRequestId, 'hex'));
          answered.add(packet);
          told.answered?.(packet, landed);
        } catch (error) {
          // It is asked again; the others do not wait for it.
          told.trouble(`${packet}: ${messageOf(error)}`);
        }
      }
    },
    (error) => told.trouble(messageOf(error)),
  );
  return {
    hasAnswered: (packet) => answered.has(packet),
    stop: async () => {
      stop.abort();
      await looking.ended;
    },
  };
}
