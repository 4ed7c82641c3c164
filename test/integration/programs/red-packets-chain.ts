import { createHash } from 'node:crypto';
import {
  createAssociatedTokenAccountIdempotentInstruction,
  createInitializeMint2Instruction,
  createMintToInstruction,
  getAssociatedTokenAddressSync,
  MINT_SIZE,
  TOKEN_PROGRAM_ID,
} from '@solana/spl-token';
import { Keypair, PublicKey, SystemProgram, type Connection } from '@solana/web3.js';
import type { Packet, PacketClaim, PacketIds } from '../../../idl/red-packets.js';
import { createTestChain } from '../../support/test-chain.js';
import { deriver, le, programClient, readIdl, u64 } from './program-client.js';

const redPacketsIdl = readIdl('red-packets');
export const RED_PACKETS = new PublicKey(redPacketsIdl.address);

/** By the names Anchor's client gives them. */
export interface Accounts {
  readonly packet: Packet;
  readonly packetClaim: PacketClaim;
  readonly packetIds: PacketIds;
}

const derive = deriver(RED_PACKETS);

export const pda = {
  packet: (creator: PublicKey, id: bigint) => derive('packet', creator, le(id, 8)),
  vault: (packet: PublicKey) => derive('vault', packet),
  claim: (packet: PublicKey, claimer: PublicKey) => derive('claim', packet, claimer),
  packetIds: (creator: PublicKey) => derive('ids', creator),
};

export const REQUEST_ID = createHash('sha256').update('request').digest();
export const RANDOMNESS = createHash('sha256').update('randomness').digest();

export interface Terms {
  readonly packetId: bigint;
  readonly kind: 'equal' | 'random';
  readonly totalAmount: bigint;
  readonly count: number;
  readonly message: string;
  readonly expiresAt: bigint;
  readonly oracle: PublicKey | null;
}

/** Far enough that no test's time travel gets there by accident. */
const MONTH_SECONDS = 30n * 24n * 60n * 60n;

/** The chain of a test file, with the program on it. */
export async function startRedPacketsChain() {
  const chain = await createTestChain({ programs: ['red-packets'] });
  return { ...redPacketsClient(chain.connection), stop: () => chain.stop() };
}

/** The program spoken to through Anchor's own client. */
export function redPacketsClient(connection: Connection) {
  const client = programClient<Accounts>(connection, redPacketsIdl);

  /** A mint of 6 decimals, all of whose tokens its creator has. */
  async function mintFor(creator: Keypair, amount: bigint): Promise<PublicKey> {
    const mint = Keypair.generate();
    const lamports = await connection.getMinimumBalanceForRentExemption(MINT_SIZE);
    const [from, to] = [creator.publicKey, tokenOf(mint.publicKey, creator.publicKey)];
    const account = { fromPubkey: from, newAccountPubkey: mint.publicKey, lamports, space: MINT_SIZE };
    await client.sendRaw(
      [
        SystemProgram.createAccount({ ...account, programId: TOKEN_PROGRAM_ID }),
        createInitializeMint2Instruction(mint.publicKey, 6, from, null),
        createAssociatedTokenAccountIdempotentInstruction(from, to, from, mint.publicKey),
        createMintToInstruction(mint.publicKey, to, from, amount),
      ],
      [creator, mint],
    );
    return mint.publicKey;
  }

  async function termsOf(changes: Partial<Terms>): Promise<Terms> {
    const expiresAt = changes.expiresAt ?? (await client.now()) + MONTH_SECONDS;
    const usual = { packetId: 1n, kind: 'equal', totalAmount: 1_000n, count: 3, message: '恭喜发财', oracle: null } as const;
    return { ...usual, ...changes, expiresAt };
  }

  /** Of lamports without a mint. `accounts` replace those of the instruction. */
  async function create(
    creator: Keypair,
    changes: Partial<Terms>,
    mint: PublicKey | null = null,
    accounts: Record<string, PublicKey | null> = {},
  ) {
    const terms = await termsOf(changes);
    const packet = pda.packet(creator.publicKey, terms.packetId);
    const landed = await client.call('createPacket', {
      args: [
        u64(terms.packetId),
        { [terms.kind]: {} },
        u64(terms.totalAmount),
        terms.count,
        terms.message,
        u64(terms.expiresAt),
        terms.oracle,
      ],
      accounts: {
        creator: creator.publicKey,
        mint,
        ...tokenPlaces('creatorToken', packet, creator.publicKey, mint),
        ...accounts,
      },
      signers: [creator],
    });
    return { packet, terms, landed };
  }

  /** `payer` pays for the transaction and the claim's account, if it is not the claimer. */
  function claim(
    packet: PublicKey,
    claimer: Keypair,
    of: { mint?: PublicKey; payer?: Keypair; accounts?: Record<string, PublicKey | null> } = {},
  ) {
    const payer = of.payer ?? claimer;
    const places = tokenPlaces('claimerToken', packet, claimer.publicKey, of.mint ?? null);
    return client.call('claim', {
      accounts: { packet, claimer: claimer.publicKey, payer: payer.publicKey, ...places, ...of.accounts },
      signers: payer === claimer ? [claimer] : [payer, claimer],
    });
  }

  /** `refund` or `closePacket`. */
  function settle(
    instruction: 'refund' | 'closePacket',
    packet: PublicKey,
    creator: Keypair,
    mint: PublicKey | null = null,
    accounts: Record<string, PublicKey | null> = {},
  ) {
    const places = tokenPlaces('creatorToken', packet, creator.publicKey, mint);
    return client.call(instruction, {
      accounts: { packet, creator: creator.publicKey, ...places, ...accounts },
      signers: [creator],
    });
  }

  function request(packet: PublicKey, creator: Keypair, requestId = REQUEST_ID) {
    const accounts = { packet, creator: creator.publicKey };
    return client.call('requestRandomness', { args: [[...requestId]], accounts, signers: [creator] });
  }

  function fulfil(packet: PublicKey, oracle: Keypair, randomness = RANDOMNESS, requestId = REQUEST_ID) {
    const accounts = { packet, oracle: oracle.publicKey };
    return client.call('fulfilRandomness', {
      args: [[...requestId], [...randomness]],
      accounts,
      signers: [oracle],
    });
  }

  return { ...client, mintFor, create, claim, settle, request, fulfil };
}

/** What an instruction on a packet of `mint` has in its optional places; null in all of them for lamports. */
export function tokenPlaces(name: string, packet: PublicKey, wallet: PublicKey, mint: PublicKey | null) {
  if (mint === null) return { vault: null, [name]: null, tokenProgram: null };
  return { vault: pda.vault(packet), [name]: tokenOf(mint, wallet), tokenProgram: TOKEN_PROGRAM_ID };
}

export function tokenOf(mint: PublicKey, wallet: PublicKey): PublicKey {
  return getAssociatedTokenAddressSync(mint, wallet, true);
}

/** A random share, written down a second time: from the rules in programs/README.md, with integers of any size. */
export function randomShare(
  left: { readonly amount: bigint; readonly count: bigint },
  lot: { readonly randomness: Uint8Array; readonly packet: PublicKey; readonly claimer: PublicKey; readonly index: number },
): bigint {
  if (left.count === 1n) return left.amount;
  const [average2, others] = [(2n * left.amount) / left.count, left.amount - (left.count - 1n)];
  const most = average2 < others ? average2 : others;
  const hash = createHash('sha256')
    .update(lot.randomness)
    .update(lot.packet.toBuffer())
    .update(lot.claimer.toBuffer())
    .update(le(BigInt(lot.index), 4))
    .digest();
  const words = [0, 8, 16, 24].map((at) => hash.readBigUInt64LE(at));
  const multiple = 2n ** 64n - (2n ** 64n % most);
  return 1n + ((words.find((word) => word < multiple) ?? words[3] ?? 0n) % most);
}
