import { randomBytes } from 'node:crypto';
import { Connection, type Keypair, type TransactionInstruction } from '@solana/web3.js';
import idl from '../../idl/red-packets.json' with { type: 'json' };
import { DevSender, type Landed } from '../../src/dev/send-and-confirm.js';
import { createInstructionBuilder } from '../../src/domain-kit/command-instruction.js';
import { redPacketAddresses, type RedPacketAddresses } from '../../src/domains/red-packets/addresses.js';

const DAY_SECONDS = 24 * 60 * 60;
/** A packet of lamports has none of these. */
const OF_LAMPORTS = { vault: null, token_program: null };

/** Makes and claims packets of lamports with the shares drawn by lot, straight on the chain. */
export class PacketSender {
  readonly at: RedPacketAddresses;
  readonly #sender: DevSender;
  readonly #instruction: ReturnType<typeof createInstructionBuilder>;

  constructor(rpcUrl: string, wsUrl: string, programId: string) {
    this.at = redPacketAddresses(programId);
    this.#sender = new DevSender(new Connection(rpcUrl, { commitment: 'confirmed', wsEndpoint: wsUrl }));
    this.#instruction = createInstructionBuilder(idl, programId);
  }

  /** A packet whose randomness is there: two transactions, for the oracle's comes after the request. Returns its address. */
  async open(creator: Keypair, packetId: bigint, totalAmount: bigint, count: number): Promise<string> {
    const address = creator.publicKey.toBase58();
    const packet = this.at.packet(address, packetId);
    const requestId = [...randomBytes(32)];
    const create = this.#instruction(
      'create_packet',
      {
        ...{ packet_id: packetId, kind: { Random: {} }, total_amount: totalAmount, count, message: 'load' },
        ...{ expires_at: BigInt(Math.floor(Date.now() / 1_000) + DAY_SECONDS), oracle: creator.publicKey },
      },
      {
        packet,
        packet_ids: this.at.packetIds(address),
        creator: address,
        mint: null,
        creator_token: null,
        ...OF_LAMPORTS,
      },
    );
    const request = this.#instruction('request_randomness', { request_id: requestId }, { packet, creator: address });
    const fulfil = this.#instruction(
      'fulfil_randomness',
      { request_id: requestId, randomness: [...randomBytes(32)] },
      { packet, oracle: address },
    );
    await this.#send([create, request], creator);
    await this.#send([fulfil], creator);
    return packet;
  }

  claim(packet: string, claimer: Keypair): Promise<Landed> {
    const address = claimer.publicKey.toBase58();
    const accounts = {
      ...{ packet, claim: this.at.claim(packet, address), claimer: address, payer: address, claimer_token: null },
      ...OF_LAMPORTS,
    };
    return this.#send([this.#instruction('claim', {}, accounts)], claimer);
  }

  #send(instructions: readonly TransactionInstruction[], signer: Keypair): Promise<Landed> {
    return this.#sender.send(instructions, [signer]);
  }
}
