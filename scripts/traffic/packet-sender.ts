import { randomBytes } from 'node:crypto';
import { Connection, type Keypair, type TransactionInstruction } from '@solana/web3.js';
import idl from '../../idl/red-packets.json' with { type: 'json' };
import { DevSender, type Landed } from '../../src/dev/send-and-confirm.js';
import { createInstructionBuilder } from '../../src/domain-kit/command-instruction.js';
import { redPacketAddresses, type RedPacketAddresses } from '../../src/domains/red-packets/addresses.js';

/** A packet of lamports has none of these. */
const OF_LAMPORTS = { vault: null, token_program: null };
const RANDOM_BYTES = 32;

/** What a new packet holds, in lamports, and until when. */
export interface PacketTerms {
  readonly packetId: bigint;
  readonly totalAmount: bigint;
  readonly count: number;
  readonly message: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** Who brings the randomness by which the shares are drawn; null for equal shares. */
  readonly oracle: string | null;
}

/** Makes, claims and ends packets of lamports straight on the chain. Each method throws what `DevSender.send` throws. */
export class PacketSender {
  readonly at: RedPacketAddresses;
  readonly #sender: DevSender;
  readonly #instruction: ReturnType<typeof createInstructionBuilder>;

  constructor(rpcUrl: string, wsUrl: string, programId: string = idl.address) {
    this.at = redPacketAddresses(programId);
    this.#sender = new DevSender(new Connection(rpcUrl, { commitment: 'confirmed', wsEndpoint: wsUrl }));
    this.#instruction = createInstructionBuilder(idl, programId);
  }

  create(creator: Keypair, terms: PacketTerms): Promise<Landed> {
    return this.#send([this.#create(creator, terms)], creator);
  }

  request(creator: Keypair, packet: string): Promise<Landed> {
    return this.#send([this.#request(creator, packet, randomBytes(RANDOM_BYTES))], creator);
  }

  fulfil(oracle: Keypair, packet: string, requestId: Buffer): Promise<Landed> {
    const args = { request_id: [...requestId], randomness: [...randomBytes(RANDOM_BYTES)] };
    const accounts = { packet, oracle: oracle.publicKey.toBase58() };
    return this.#send([this.#instruction('fulfil_randomness', args, accounts)], oracle);
  }

  /** A packet whose creator is its oracle, and whose randomness is there. Returns its address. */
  async open(creator: Keypair, terms: Omit<PacketTerms, 'oracle'>): Promise<string> {
    const oracle = creator.publicKey.toBase58();
    const packet = this.at.packet(oracle, terms.packetId);
    const requestId = randomBytes(RANDOM_BYTES);
    await this.#send([this.#create(creator, { ...terms, oracle }), this.#request(creator, packet, requestId)], creator);
    // A transaction of its own: the oracle's comes after the request.
    await this.fulfil(creator, packet, requestId);
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

  refund(packet: string, creator: Keypair): Promise<Landed> {
    const accounts = { packet, creator: creator.publicKey.toBase58(), creator_token: null, ...OF_LAMPORTS };
    return this.#send([this.#instruction('refund', {}, accounts)], creator);
  }

  closeClaim(packet: string, claimer: Keypair): Promise<Landed> {
    const payer = claimer.publicKey.toBase58();
    const accounts = { claim: this.at.claim(packet, payer), packet, payer };
    return this.#send([this.#instruction('close_claim', {}, accounts)], claimer);
  }

  closePacket(packet: string, creator: Keypair): Promise<Landed> {
    const address = creator.publicKey.toBase58();
    const accounts = { packet, packet_ids: this.at.packetIds(address), creator: address, creator_token: null };
    return this.#send([this.#instruction('close_packet', {}, { ...accounts, ...OF_LAMPORTS })], creator);
  }

  #create(creator: Keypair, { packetId, totalAmount, count, message, expiresAt, oracle }: PacketTerms) {
    const address = creator.publicKey.toBase58();
    return this.#instruction(
      'create_packet',
      {
        ...{ packet_id: packetId, total_amount: totalAmount, count, message },
        kind: oracle === null ? { Equal: {} } : { Random: {} },
        expires_at: BigInt(expiresAt),
        oracle,
      },
      {
        ...{ packet: this.at.packet(address, packetId), packet_ids: this.at.packetIds(address), creator: address },
        ...{ mint: null, creator_token: null, ...OF_LAMPORTS },
      },
    );
  }

  #request(creator: Keypair, packet: string, requestId: Buffer): TransactionInstruction {
    const accounts = { packet, creator: creator.publicKey.toBase58() };
    return this.#instruction('request_randomness', { request_id: [...requestId] }, accounts);
  }

  #send(instructions: readonly TransactionInstruction[], signer: Keypair): Promise<Landed> {
    return this.#sender.send(instructions, [signer]);
  }
}
