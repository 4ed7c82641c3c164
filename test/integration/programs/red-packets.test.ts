import { createAssociatedTokenAccountIdempotentInstruction, createTransferInstruction, getAccount } from '@solana/spl-token';
import { Keypair, SystemProgram, type PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { refusal, type EmittedEvent, type Landed } from './program-client.js';
import {
  pda,
  randomShare,
  RANDOMNESS,
  RED_PACKETS,
  REQUEST_ID,
  startRedPacketsChain,
  tokenOf,
  type Accounts,
  type Terms,
} from './red-packets-chain.js';

/** Nobody can move a validator's clock: there a month is as short as setting the scene allows. */
const TRAVELS = inject('sharedChain') === null;
const WAIT_SECONDS = 25n;
const SIGNATURE_FEE = 5_000;

let chain: Awaited<ReturnType<typeof startRedPacketsChain>>;
let creator: Keypair;
let oracle: Keypair;
let claimers: Keypair[];
/** Of each test its own, for one wallet creates all packets. */
let nextId = 1n;

beforeAll(async () => {
  chain = await startRedPacketsChain();
  [creator, oracle, ...claimers] = (await Promise.all(Array.from({ length: 6 }, () => chain.wallet()))) as [
    Keypair,
    Keypair,
    ...Keypair[],
  ];
});

afterAll(() => chain.stop());

async function existing<Name extends keyof Accounts>(name: Name, address: PublicKey): Promise<Accounts[Name]> {
  const account = await chain.fetch(name, address);
  if (account === null) throw new Error(`no ${name} at ${address.toBase58()}`);
  return account;
}

async function tokensOf(address: PublicKey): Promise<bigint> {
  return (await getAccount(chain.connection, address)).amount;
}

/** The one event of an instruction, to be compared whole. */
function event(name: string, by: EmittedEvent['by'], data: object): { name: string; by: string; data: object }[] {
  return [{ name, by, data }];
}

function amountIn({ events }: Landed): bigint {
  return events[0]?.data.amount as bigint;
}

const time = expect.any(BigInt) as bigint;
const text = (address: PublicKey) => address.toBase58();
const wallet = (index: number) => claimers[index] as Keypair;

/** A packet of the creator's next id; a random one with its randomness. */
async function readyPacket(changes: Partial<Terms>, mint: PublicKey | null = null): Promise<PublicKey> {
  const random = changes.kind === 'random';
  const terms = { packetId: nextId++, ...changes, oracle: random ? oracle.publicKey : null };
  const { packet } = await chain.create(creator, terms, mint);
  if (random) {
    await chain.request(packet, creator);
    await chain.fulfil(packet, oracle);
  }
  return packet;
}

describe('an equal packet of lamports', () => {
  it('is created, claimed to the last lamport and closed; all rent comes back', async () => {
    const owner = await chain.wallet();
    const [first, second, sponsor] = [wallet(0), wallet(1), wallet(2)];
    const before = await chain.connection.getBalance(owner.publicKey);
    const created = await chain.create(owner, { packetId: 7n, totalAmount: 1_000_003n, count: 2 });
    const { packet, terms } = created;
    const rent = (await chain.connection.getBalance(packet)) - 1_000_003;
    expect(rent).toBe(await chain.connection.getMinimumBalanceForRentExemption(dataLength(await info(packet))));
    const shared = {
      revision: 1n,
      creator: text(owner.publicKey),
      packetId: 7n,
      kind: 'equal',
      totalAmount: 1_000_003n,
      count: 2,
      remainingAmount: 1_000_003n,
      remainingCount: 2,
      mint: null,
      decimals: 9,
      vault: text(packet),
      oracle: null,
      message: '恭喜发财',
      expiresAt: terms.expiresAt,
      createdAt: time,
    };
    expect(created.landed.events).toEqual(event('packetCreated', 'log', { packet: text(packet), ...shared }));
    const nothingYet = { status: 'open', claimedAmount: 0n, claimedCount: 0, refundedAmount: 0n, settledAt: 0n };
    const noRandomness = { requestId: null, randomness: null };
    const { bump, ...account } = await existing('packet', packet);
    expect(bump).toBeGreaterThan(0);
    expect(account).toEqual({ ...shared, ...nothingYet, ...noRandomness });

    // The sponsor pays both the fee and the claim's account.
    const had = await chain.connection.getBalance(first.publicKey);
    const claimed = await chain.claim(packet, first, { payer: sponsor });
    expect(await chain.connection.getBalance(first.publicKey)).toBe(had + 500_001);
    const claim = pda.claim(packet, first.publicKey);
    const said = { claimer: text(first.publicKey), payer: text(sponsor.publicKey), amount: 500_001n, index: 0 };
    expect(claimed.events).toEqual(
      event('packetClaimed', 'log', {
        ...said,
        claim: text(claim),
        packet: text(packet),
        revision: 1n,
        packetRevision: 2n,
        packetStatus: 'open',
        packetRemainingAmount: 500_002n,
        packetRemainingCount: 1,
        packetClaimedAmount: 500_001n,
        packetClaimedCount: 1,
        claimedAt: time,
      }),
    );
    expect(await existing('packetClaim', claim)).toMatchObject({ ...said, packet: text(packet), revision: 1n });
    expect(await refusal(chain.claim(packet, first))).toBe('AlreadyClaimed');
    expect(await refusal(chain.settle('closePacket', packet, owner))).toBe('PacketStillOpen');
    const closing = { accounts: { claim, packet, payer: sponsor.publicKey }, signers: [sponsor] as [Keypair] };
    expect(await refusal(chain.call('closeClaim', closing))).toBe('PacketStillOpen');

    expect(amountIn(await chain.claim(packet, second))).toBe(500_002n);
    expect(await existing('packet', packet)).toMatchObject({
      ...{ status: 'exhausted', revision: 3n, settledAt: time },
      ...{ remainingAmount: 0n, remainingCount: 0, claimedAmount: 1_000_003n, claimedCount: 2, refundedAmount: 0n },
    });
    expect(await chain.connection.getBalance(packet)).toBe(rent);
    expect(await refusal(chain.claim(packet, wallet(3)))).toBe('PacketExhausted');
    expect(await refusal(chain.settle('refund', packet, owner))).toBe('PacketExhausted');

    expect(
      await refusal(chain.call('closeClaim', { ...closing, accounts: { claim, packet, payer: first.publicKey }, signers: [first] })),
    ).toBe('NotClaimPayer');
    const claimRent = await chain.connection.getBalance(claim);
    const sponsorHad = await chain.connection.getBalance(sponsor.publicKey);
    const closedClaim = await chain.call('closeClaim', closing);
    expect(await chain.connection.getBalance(sponsor.publicKey)).toBe(sponsorHad + claimRent - SIGNATURE_FEE);
    const parties = { claim: text(claim), packet: text(packet), claimer: said.claimer, payer: said.payer };
    expect(closedClaim.events).toEqual(event('packetClaimClosed', 'log', { ...parties, revision: 2n, closedAt: time }));
    expect(await chain.fetch('packetClaim', claim)).toBeNull();

    expect(await refusal(chain.settle('closePacket', packet, creator))).toBe('NotPacketCreator');
    const closed = await chain.settle('closePacket', packet, owner);
    const ids = pda.packetIds(owner.publicKey);
    expect(closed.events).toEqual(
      event('packetClosed', 'log', {
        packet: text(packet),
        creator: text(owner.publicKey),
        packetIds: text(ids),
        revision: 4n,
        packetIdsRevision: 1n,
        packetIdsHighestClosedId: 7n,
        packetIdsClosedPackets: 1n,
        closedAt: time,
      }),
    );
    expect(await chain.fetch('packet', packet)).toBeNull();
    const idsRent = await chain.connection.getBalance(ids);
    const after = await chain.connection.getBalance(owner.publicKey);
    expect(before - after).toBe(1_000_003 + idsRent + 2 * SIGNATURE_FEE);

    // The address never returns; the claims that stayed can still be closed.
    for (const packetId of [7n, 3n]) expect(await refusal(chain.create(owner, { packetId }))).toBe('PacketIdSpent');
    const next = await chain.create(owner, { packetId: 8n, totalAmount: 3n });
    for (const claimer of [first, second, sponsor]) await chain.claim(next.packet, claimer);
    await chain.settle('closePacket', next.packet, owner);
    expect(await existing('packetIds', ids)).toMatchObject({ revision: 2n, highestClosedId: 8n, closedPackets: 2n });
    const late = { claim: pda.claim(packet, second.publicKey), packet, payer: second.publicKey };
    await chain.call('closeClaim', { accounts: late, signers: [second] });
  });
});

describe('a random packet of tokens', () => {
  it('is claimed once its randomness is there, by the shares that follow from it', async () => {
    const mint = await chain.mintFor(creator, 10_000_000n);
    await openTokenAccounts(mint, claimers);
    const [packetId, totalAmount] = [nextId++, 9_999_999n];
    const terms = { packetId, totalAmount, count: 3, kind: 'random', oracle: oracle.publicKey } as const;
    const { packet, landed } = await chain.create(creator, terms, mint);
    const [vault, of] = [pda.vault(packet), { mint }];
    const money = { mint: text(mint), decimals: 6, vault: text(vault), totalAmount };
    expect(landed.events[0]?.data).toMatchObject({ ...money, kind: 'random', oracle: text(oracle.publicKey) });
    expect(await tokensOf(vault)).toBe(totalAmount);
    expect(await tokensOf(tokenOf(mint, creator.publicKey))).toBe(1n);

    expect(await refusal(chain.fulfil(packet, oracle))).toBe('RandomnessNotRequested');
    expect(await refusal(chain.request(packet, wallet(0)))).toBe('NotPacketCreator');
    const requested = await chain.request(packet, creator);
    const parties = { packet: text(packet), oracle: text(oracle.publicKey), requestId: [...REQUEST_ID] };
    expect(requested.events).toEqual(
      event('packetVrfRequested', 'log', { ...parties, creator: text(creator.publicKey), revision: 2n, requestedAt: time }),
    );
    expect(await refusal(chain.request(packet, creator))).toBe('RandomnessAlreadyRequested');
    expect(await refusal(chain.claim(packet, wallet(0), of))).toBe('RandomnessNotReady');
    expect(await refusal(chain.fulfil(packet, creator))).toBe('WrongOracle');
    expect(await refusal(chain.fulfil(packet, oracle, RANDOMNESS, RANDOMNESS))).toBe('WrongRequest');
    const fulfilled = await chain.fulfil(packet, oracle);
    expect(fulfilled.events).toEqual(
      event('packetRandomReady', 'self-cpi', { ...parties, randomness: [...RANDOMNESS], revision: 3n, readyAt: time }),
    );
    expect(await refusal(chain.fulfil(packet, oracle))).toBe('RandomnessAlreadyFulfilled');
    expect(await existing('packet', packet)).toMatchObject({ requestId: [...REQUEST_ID], randomness: [...RANDOMNESS] });

    const left = { amount: totalAmount, count: 3n };
    for (const [index, claimer] of claimers.slice(0, 3).entries()) {
      const share = randomShare(left, { randomness: RANDOMNESS, packet, claimer: claimer.publicKey, index });
      const claimed = await chain.claim(packet, claimer, of);
      expect(claimed.events[0]?.data).toMatchObject({ amount: share, index, packetRevision: 4n + BigInt(index) });
      expect(await tokensOf(tokenOf(mint, claimer.publicKey))).toBe(share);
      left.amount -= share;
      left.count -= 1n;
    }
    expect(left).toEqual({ amount: 0n, count: 0n });
    expect(await tokensOf(vault)).toBe(0n);

    // What strangers send to the vault goes to the creator, instead of keeping it from being closed.
    const gift = [tokenOf(mint, creator.publicKey), vault, creator.publicKey] as const;
    await chain.sendRaw([createTransferInstruction(...gift, 1n)], [creator]);
    await chain.settle('closePacket', packet, creator, mint);
    expect(await tokensOf(tokenOf(mint, creator.publicKey))).toBe(1n);
    expect(await chain.connection.getAccountInfo(vault)).toBeNull();
    expect(await chain.fetch('packet', packet)).toBeNull();
  });
});

describe('many claims at the same time', () => {
  it.each(['equal', 'random'] as const)('50 wallets share a packet of %s shares exactly, one claim each', async (kind) => {
    const [count, totalAmount] = [50, 1_000_000_007n];
    const packet = await readyPacket({ kind, count, totalAmount });
    const before = (await existing('packet', packet)).revision;
    const wallets = Array.from({ length: count }, () => Keypair.generate());
    // Below the rent-exempt minimum a wallet cannot be paid.
    await sendInBatches(wallets.map(({ publicKey }) => fund(publicKey, 1_000_000)));
    const landed = await Promise.all(wallets.map((claimer) => chain.claim(packet, claimer, { payer: creator })));

    const [amounts, data] = [landed.map(amountIn), landed.map(({ events }) => events[0]?.data)];
    expect(amounts.reduce((sum, amount) => sum + amount, 0n)).toBe(totalAmount);
    expect(amounts.every((amount) => amount >= 1n)).toBe(true);
    if (kind === 'equal') expect(amounts.filter((amount) => amount === 20_000_000n)).toHaveLength(49);
    expect(data.map((one) => one?.index).sort(byNumber)).toEqual(wallets.map((_, index) => index));
    expect(data.map((one) => one?.packetRevision).sort(byNumber)).toEqual(wallets.map((_, at) => before + 1n + BigInt(at)));
    for (const one of data) expect(one?.packetRemainingCount).toBe(count - 1 - (one?.index as number));
    const exhausted = { status: 'exhausted', remainingAmount: 0n, remainingCount: 0, claimedAmount: totalAmount };
    expect(await existing('packet', packet)).toMatchObject({ ...exhausted, revision: before + 50n });
    const { value } = await chain.connection.getAccountInfo(packet).then((account) => ({ value: account?.lamports }));
    expect(value).toBe(await chain.connection.getMinimumBalanceForRentExemption(dataLength(await info(packet))));
    const balances = await Promise.all(wallets.map(({ publicKey }) => chain.connection.getBalance(publicKey)));
    expect(balances).toEqual(amounts.map((amount) => 1_000_000 + Number(amount)));
  });
});

describe('refusals', () => {
  it.each<[Partial<Terms>, string]>([
    [{ count: 0 }, 'InvalidCount'],
    [{ totalAmount: 2n }, 'InvalidAmount'],
    [{ message: '福'.repeat(34) }, 'InvalidMessage'],
    [{ expiresAt: 1n }, 'InvalidExpiry'],
    [{ expiresAt: BigInt(Date.now()) }, 'InvalidExpiry'],
    [{ kind: 'random' }, 'OracleMissing'],
    [{ oracle: RED_PACKETS }, 'OracleNotNeeded'],
  ])('create_packet refuses %o: %s', async (changes, code) => {
    expect(await refusal(chain.create(creator, { packetId: 999n, ...changes }))).toBe(code);
  });

  it('create_packet refuses accounts that do not belong together', async () => {
    const mint = await chain.mintFor(creator, 1_000n);
    const other = await chain.mintFor(creator, 1_000n);
    const [packet, stranger] = [await readyPacket({ totalAmount: 3n }), wallet(0)];
    const packetId = nextId - 1n;
    const create = (of: PublicKey | null, accounts: Record<string, PublicKey | null>, id = 999n) =>
      refusal(chain.create(creator, { packetId: id }, of, accounts));
    expect(await create(null, {}, packetId)).toBe('PacketAlreadyExists');
    expect(await create(null, { packet })).toBe('ConstraintSeeds');
    expect(await create(null, { packetIds: pda.packetIds(stranger.publicKey) })).toBe('ConstraintSeeds');
    expect(await create(null, { systemProgram: RED_PACKETS })).toBe('InvalidProgramId');
    expect(await create(mint, { creatorToken: null })).toBe('TokenAccountMissing');
    expect(await create(mint, { creatorToken: tokenOf(other, creator.publicKey) })).toBe('ConstraintTokenMint');
    expect(await create(creator.publicKey, {})).toBe('AccountOwnedByWrongProgram');
    expect(await create(mint, { vault: pda.vault(packet) })).toBe('ConstraintSeeds');
    expect(await create(mint, { tokenProgram: SystemProgram.programId })).toBe('InvalidProgramId');
    // The token program's own: the wallet holds 1,000.
    const short = { packetId: 999n, totalAmount: 1_001n };
    expect(await refusal(chain.create(creator, short, mint))).toContain('custom program error: 0x1');
  });

  it('claim refuses accounts that do not belong together', async () => {
    const mint = await chain.mintFor(creator, 1_000n);
    const other = await chain.mintFor(creator, 1_000n);
    const [claimer, stranger] = [wallet(0), wallet(1)];
    await openTokenAccounts(mint, [claimer, stranger]);
    await openTokenAccounts(other, [claimer]);
    const packet = await readyPacket({}, mint);
    const claim = (accounts: Record<string, PublicKey | null>) => refusal(chain.claim(packet, claimer, { mint, accounts }));
    expect(await claim({ claim: pda.claim(packet, stranger.publicKey) })).toBe('ConstraintSeeds');
    expect(await claim({ vault: null })).toBe('TokenAccountMissing');
    expect(await claim({ vault: tokenOf(mint, creator.publicKey) })).toBe('ConstraintAddress');
    expect(await claim({ claimerToken: tokenOf(mint, stranger.publicKey) })).toBe('ConstraintTokenOwner');
    expect(await claim({ claimerToken: tokenOf(other, claimer.publicKey) })).toBe('ConstraintTokenMint');
    expect(await claim({ claimerToken: claimer.publicKey })).toBe('AccountOwnedByWrongProgram');
    expect(await claim({ packet: stranger.publicKey })).toBe('AccountNotInitialized');
    expect(await claim({ packet: mint })).toBe('AccountOwnedByWrongProgram');

    // A claim is no packet; nor does anybody claim for somebody else, or into an account that cannot change.
    await chain.claim(packet, claimer, { mint });
    expect(await claim({ packet: pda.claim(packet, claimer.publicKey) })).toBe('AccountDiscriminatorMismatch');
    const accounts = { packet, claimer: stranger.publicKey, payer: stranger.publicKey };
    const places = { vault: pda.vault(packet), claimerToken: tokenOf(mint, stranger.publicKey) };
    const instruction = await chain.instruction('claim', { accounts: { ...accounts, ...places }, signers: [stranger] });
    const tampered = (account: number, as: object) => {
      const keys = instruction.keys.map((key, at) => (at === account ? { ...key, ...as } : key));
      return refusal(chain.sendRaw([{ ...instruction, keys }], [creator, stranger]));
    };
    expect(await tampered(0, { isWritable: false })).toContain('Error Code: ConstraintMut');
    expect(await tampered(2, { isSigner: false, pubkey: claimer.publicKey })).toContain('Error Code: AccountNotSigner');
    expect(await tampered(5, { isWritable: false })).toContain('Error Code: ConstraintMut');
    expect(await refusal(chain.sendRaw([instruction], [creator, stranger]))).toBe('none');
  });

  it('an equal packet has no randomness', async () => {
    const packet = await readyPacket({});
    expect(await refusal(chain.request(packet, creator))).toBe('RandomnessNotNeeded');
    expect(await refusal(chain.fulfil(packet, oracle))).toBe('RandomnessNotNeeded');
  });
});

describe('expiry', () => {
  it('gives back what nobody claimed, and lets everything be closed', async () => {
    const mint = await chain.mintFor(creator, 1_000n);
    await openTokenAccounts(mint, [wallet(0)]);
    const expiresAt = (await chain.now()) + (TRAVELS ? 3_600n : WAIT_SECONDS);
    const tokens = await readyPacket({ expiresAt, totalAmount: 1_000n, count: 3 }, mint);
    const unasked = { packetId: nextId++, expiresAt, totalAmount: 5_000_000n, count: 2, kind: 'random' } as const;
    const lamports = (await chain.create(creator, { ...unasked, oracle: oracle.publicKey })).packet;
    const waiting = (await chain.create(creator, { ...unasked, packetId: nextId++, oracle: oracle.publicKey })).packet;
    await chain.request(waiting, creator);
    await chain.claim(tokens, wallet(0), { mint });
    expect(await refusal(chain.settle('refund', tokens, creator, mint))).toBe('PacketNotExpired');

    if (TRAVELS) await chain.travelTo(expiresAt);
    await eventually(async () => (await chain.now()) >= expiresAt, { timeoutMs: 60_000 });

    expect(await refusal(chain.claim(tokens, wallet(1), { mint }))).toBe('PacketExpired');
    expect(await refusal(chain.request(lamports, creator))).toBe('PacketExpired');
    expect(await refusal(chain.fulfil(waiting, oracle))).toBe('PacketExpired');
    expect(await refusal(chain.settle('refund', tokens, wallet(0), mint))).toBe('NotPacketCreator');
    expect(await refusal(chain.settle('closePacket', tokens, creator, mint))).toBe('PacketStillOpen');
    const claim = pda.claim(tokens, wallet(0).publicKey);
    const closing = { accounts: { claim, packet: tokens, payer: wallet(0).publicKey }, signers: [wallet(0)] as [Keypair] };
    expect(await refusal(chain.call('closeClaim', { ...closing, accounts: { ...closing.accounts, packet: lamports } }))).toBe(
      'ConstraintAddress',
    );
    await chain.call('closeClaim', closing);

    const refunded = await chain.settle('refund', tokens, creator, mint);
    expect(refunded.events).toEqual(
      event('packetRefunded', 'self-cpi', {
        packet: text(tokens),
        creator: text(creator.publicKey),
        amount: 667n,
        unclaimedCount: 2,
        revision: 3n,
        remainingAmount: 0n,
        remainingCount: 0,
        claimedAmount: 333n,
        claimedCount: 1,
        refundedAt: time,
      }),
    );
    expect(await tokensOf(tokenOf(mint, creator.publicKey))).toBe(667n);
    const sums = { totalAmount: 1_000n, claimedAmount: 333n, remainingAmount: 0n, refundedAmount: 667n };
    expect(await existing('packet', tokens)).toMatchObject({ ...sums, status: 'refunded', remainingCount: 0 });
    expect(await refusal(chain.settle('refund', tokens, creator, mint))).toBe('PacketAlreadyRefunded');
    expect(await refusal(chain.claim(tokens, wallet(1), { mint }))).toBe('PacketAlreadyRefunded');
    await chain.settle('closePacket', tokens, creator, mint);
    expect(await chain.connection.getAccountInfo(pda.vault(tokens))).toBeNull();

    const had = await chain.connection.getBalance(creator.publicKey);
    await chain.settle('refund', lamports, creator);
    expect(await chain.connection.getBalance(creator.publicKey)).toBe(had + 5_000_000 - SIGNATURE_FEE);
    const left = await chain.connection.getBalance(lamports);
    await chain.settle('closePacket', lamports, creator);
    expect(await chain.connection.getBalance(creator.publicKey)).toBe(had + 5_000_000 + left - 2 * SIGNATURE_FEE);
  });
});

async function info(address: PublicKey) {
  return chain.connection.getAccountInfo(address);
}

function dataLength(account: { data: Buffer } | null): number {
  return account?.data.length ?? 0;
}

function byNumber(a: unknown, b: unknown): number {
  return Number(a) - Number(b);
}

function fund(to: PublicKey, lamports: number) {
  return SystemProgram.transfer({ fromPubkey: creator.publicKey, toPubkey: to, lamports });
}

async function openTokenAccounts(mint: PublicKey, wallets: Keypair[]): Promise<void> {
  const [payer, open] = [creator.publicKey, createAssociatedTokenAccountIdempotentInstruction];
  await sendInBatches(wallets.map(({ publicKey }) => open(payer, tokenOf(mint, publicKey), publicKey, mint)));
}

/** What the creator pays for, as many in a transaction as fit. */
async function sendInBatches(instructions: Parameters<typeof chain.sendRaw>[0]): Promise<void> {
  const BATCH = 5;
  const batches = Array.from({ length: Math.ceil(instructions.length / BATCH) }, (_, at) =>
    instructions.slice(at * BATCH, (at + 1) * BATCH),
  );
  await Promise.all(batches.map((batch) => chain.sendRaw(batch, [creator])));
}
