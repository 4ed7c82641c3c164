import { openLogSocket } from '../../../src/chain/log-socket.js';
import { Keypair, SystemProgram, Transaction } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { ChainPort } from '../../../src/chain/chain-port.js';
import { LogSubscription } from '../../../src/chain/log-subscription.js';
import { RpcEndpoint } from '../../../src/chain/rpc-endpoint.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import { walkSignatures } from '../../../src/chain/signature-pages.js';
import { SlotTracker } from '../../../src/chain/slot-tracker.js';
import type { LogNotice } from '../../../src/chain/subscription-state.js';
import { TransactionFetcher } from '../../../src/chain/transaction-fetcher.js';
import { systemClock } from '../../../src/lib/clock.js';
import { recordingLog } from '../../unit/chain/recording-log.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';

const SYSTEM = SystemProgram.programId.toBase58();
const UNKNOWN_SIGNATURE = '5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW';
const SEND = { skipPreflight: false, preflightCommitment: 'confirmed', maxRetries: 0 } as const;
const until = (condition: () => Promise<void> | void) => vi.waitFor(condition, { timeout: 60_000, interval: 50 });

let testChain: TestChain;
let pool: RpcPool;
let chain: ChainPort;
let payer: Keypair;

beforeAll(async () => {
  testChain = await createTestChain({ programs: [] });
  const endpoints = [new RpcEndpoint({ url: testChain.rpcUrl, clock: systemClock })];
  pool = new RpcPool({ endpoints, clock: systemClock, random: Math.random, log: recordingLog() });
  chain = pool.chain;
  [payer] = (await testChain.fundedKeypairs(1)) as [Keypair];
});
afterAll(async () => {
  await pool.close();
  await testChain.stop();
});

async function transfer(to: Keypair, lamports: number, blockhash?: string): Promise<Uint8Array> {
  const recentBlockhash = blockhash ?? (await chain.latestBlockhash('confirmed')).blockhash;
  const transaction = new Transaction();
  transaction.feePayer = payer.publicKey;
  transaction.recentBlockhash = recentBlockhash;
  transaction.add(SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to.publicKey, lamports }));
  transaction.sign(payer);
  return transaction.serialize();
}

async function reasonOf(asking: Promise<unknown>): Promise<RpcError> {
  const error: unknown = await asking.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}

describe('the chain port against a real chain', () => {
  it('reads heads, heights and the genesis hash', async () => {
    expect(await chain.genesisHash()).toMatch(/^[1-9A-HJ-NP-Za-km-z]{43,44}$/);
    await until(async () => expect(await chain.slot('finalized')).toBeGreaterThan(0));
    expect(await chain.slot('confirmed')).toBeGreaterThan(await chain.slot('finalized'));
    expect(await chain.blockHeight('confirmed')).toBeGreaterThanOrEqual(0);
    // A validator's is its genesis; a Surfnet begins at slot 31 or so.
    expect(await chain.firstAvailableBlock()).toBeGreaterThanOrEqual(0);
  });

  it('sends, sees it land, and reads everything about it back', async () => {
    const to = Keypair.generate();
    const wire = await transfer(to, 1_000_000);
    const signature = await chain.sendTransaction(wire, SEND);
    await until(async () => {
      const { statuses } = await chain.signatureStatuses([signature, UNKNOWN_SIGNATURE]);
      // A node tells a transaction as soon as it is processed, a view before what is read below.
      expect(statuses).toMatchObject([
        { failed: false, commitment: expect.stringMatching(/^(confirmed|finalized)$/) as string },
        null,
      ]);
    });
    const { contextSlot, accounts } = await chain.accounts(
      [to.publicKey.toBase58(), Keypair.generate().publicKey.toBase58()],
      'confirmed',
    );
    expect(accounts).toEqual([{ owner: SYSTEM, lamports: 1_000_000n, data: new Uint8Array() }, null]);
    expect(contextSlot).toBeGreaterThan(0);
    expect(await chain.transaction(UNKNOWN_SIGNATURE, 'confirmed')).toBeNull();
    const raw = (await chain.transaction(signature, 'confirmed')) as { slot: number };
    const [listed] = await chain.signaturesFor(to.publicKey.toBase58(), { limit: 10, commitment: 'confirmed' });
    expect(listed).toMatchObject({ signature, slot: raw.slot, failed: false });

    await until(async () => expect(await chain.slot('finalized')).toBeGreaterThan(raw.slot));
    expect(await chain.block(raw.slot)).toMatchObject({
      kind: 'block',
      slot: raw.slot,
      // Beside it a validator's votes, and what others send.
      signatures: expect.arrayContaining([signature]) as string[],
    });
    expect(await chain.blocks(raw.slot, 2, 'finalized')).toContain(raw.slot);

    // Surfnet says so in other words than the validator.
    expect((await reasonOf(chain.sendTransaction(wire, SEND))).reason).toBe('already-processed');
    const again = chain.sendTransaction(wire, { ...SEND, skipPreflight: true });
    // Unasked to look at it first, a validator takes it and drops it in silence.
    if (inject('sharedChain')) expect(await again).toBe(signature);
    else expect((await reasonOf(again)).reason).toBe('already-processed');
  });

  it('tells why a transaction was refused', async () => {
    const poor = await reasonOf(chain.sendTransaction(await transfer(Keypair.generate(), 10 ** 15), SEND));
    expect(poor.reason).toBe('transaction-rejected');
    expect(poor.details.transactionError).toEqual({ InstructionError: [0, { Custom: 1 }] });
    expect(poor.details.logs?.join('\n')).toContain('insufficient lamports');

    const stale = await transfer(Keypair.generate(), 1, 'EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N');
    expect((await reasonOf(chain.sendTransaction(stale, SEND))).reason).toBe('blockhash-not-found');
    expect((await reasonOf(chain.sendTransaction(new Uint8Array(5), SEND))).reason).toBe('bad-request');
    const simulated = await chain.simulateTransaction(await transfer(Keypair.generate(), 10 ** 15), 'confirmed');
    expect(simulated.err).toEqual({ InstructionError: [0, { Custom: 1 }] });
  });

  it('calls blocks that it does not have unknown (I5)', async () => {
    // A validator has it, until its ledger is cut off there.
    if (!inject('sharedChain')) expect(await chain.block(1)).toEqual({ kind: 'not-here', code: -32602 });
    expect(await chain.block(10_000_000)).toMatchObject({ kind: 'not-here' });
  });

  it('lists program accounts by discriminator, and refuses an older view than asked for', async () => {
    const answer = await chain.programAccounts(SYSTEM, { discriminator: Uint8Array.from([1, 2, 3]) }, 'confirmed');
    expect(answer.accounts).toEqual([]);
    const ahead = chain.accounts([SYSTEM], 'confirmed', 10_000_000);
    expect((await reasonOf(ahead)).reason).toBe('not-ready');
  });
});

async function walkedFrom(of: Keypair): Promise<string[]> {
  const steps = walkSignatures(pool.pinned().chain, of.publicKey.toBase58(), {
    fromSlot: await chain.firstAvailableBlock(),
    commitment: 'finalized',
    pageSize: 7,
  });
  const walked: string[] = [];
  for (;;) {
    const step = await steps.next();
    if (step.done) {
      expect(step.value.reached).toBe(true);
      return walked;
    }
    walked.push(...step.value.signatures.map((info) => info.signature));
  }
}

describe('following a real chain', () => {
  it('hears of every transaction, walks to the same list, fetches each, and sees them finalized', async () => {
    const notices: LogNotice[] = [];
    const tracker = new SlotTracker({ chain, clock: systemClock, log: recordingLog(), pollAtMostEveryMs: 100 });
    let liveAt: number | undefined;
    const subscription = new LogSubscription({
      openSocket: openLogSocket,
      urls: [testChain.wsUrl],
      programIds: [SYSTEM],
      chain,
      callbacks: {
        onNotice: (notice) => notices.push(notice),
        onLive: ({ slot }) => (liveAt = slot),
        onDown: () => undefined,
        onSlot: (slot) => tracker.hint(slot),
      },
      clock: systemClock,
      random: Math.random,
      log: recordingLog(),
    });
    tracker.start();
    subscription.start();
    await until(() => expect(liveAt).toBeDefined());

    const to = Keypair.generate();
    const wires: Uint8Array[] = [];
    for (let index = 1; index <= 20; index++) wires.push(await transfer(to, 900_000 + index));
    const sent = await Promise.all(wires.map((wire) => chain.sendTransaction(wire, SEND)));
    // A busy validator may drop what it took: the same bytes again are the same transaction.
    await until(async () => {
      const { statuses } = await chain.signatureStatuses(sent);
      const open = wires.filter((_, position) => statuses[position] === null);
      await Promise.all(open.map((wire) => chain.sendTransaction(wire, SEND).catch(() => undefined)));
      expect(open).toEqual([]);
    });
    const unheard = () => sent.filter((signature) => !notices.some((notice) => notice.signature === signature));
    await until(() => expect(unheard()).toEqual([]));

    // Not the slots of the notices: a validator announces executions that land elsewhere (TRAPS 29).
    await until(async () => {
      const { statuses } = await chain.signatureStatuses(sent);
      const landed = statuses.map((status) => (status?.commitment === 'finalized' ? status.slot : Infinity));
      expect(tracker.finalizedSlot).toBeGreaterThan(Math.max(...landed));
    });
    // One walk is an opinion: a node fills its index of addresses after the block.
    await until(async () => expect((await walkedFrom(to)).sort()).toEqual([...sent].sort()));

    const fetcher = new TransactionFetcher({ chain, clock: systemClock, random: Math.random });
    const fetched = await Promise.all(sent.map((signature) => fetcher.fetch(signature, 'finalized')));
    expect(new Set(fetched.map((outcome) => outcome.kind))).toEqual(new Set(['found']));
    await subscription.stop();
    await tracker.stop();
  });
});
