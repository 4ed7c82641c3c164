import { randomUUID } from 'node:crypto';
import { Keypair, SystemProgram } from '@solana/web3.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChainPort } from '../../../src/chain/chain-port.js';
import { RpcEndpoint } from '../../../src/chain/rpc-endpoint.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { connectMongo, type MongoConnection } from '../../../src/store/mongo-connection.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { fulfilWish } from '../../../src/transactions/fulfil-wish.js';
import { KeypairSigners } from '../../../src/transactions/keypair-signers.js';
import type { TransactionState, Wish } from '../../../src/transactions/managed-transaction.js';
import { growNonces } from '../../../src/transactions/nonces/grow-nonces.js';
import { ensureNonceIndexes, NonceStore } from '../../../src/transactions/nonces/nonce-store.js';
import { NoncePool } from '../../../src/transactions/nonces/nonce-pool.js';
import { pauseSigner, resumeSigner } from '../../../src/transactions/signer-pause.js';
import { TransactionStore } from '../../../src/transactions/transaction-store.js';
import type { SubmitRequest } from '../../../src/transactions/transaction-submitter.js';
import { eventually } from '../../support/eventually.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { startDeskProcess, withFaults, type DeskProcess, type DeskProcessOptions } from './desk-process.js';

const LAMPORTS = 5_000_000;
const WAIT_MS = 20_000;
const EXPIRY_WAIT_MS = 90_000;

let chain: TestChain;
let database: TestDatabase;
let mongo: MongoConnection;
let rpc: RpcPool;
let payer: Keypair;
let started: DeskProcess[] = [];

beforeAll(async () => {
  [chain, database] = await Promise.all([createTestChain({ programs: [] }), createTestDatabase()]);
  mongo = await connectMongo(database.uri, database.name);
  await new TransactionStore(mongo.db).ensureIndexes();
  await ensureNonceIndexes(mongo.db);
  const log = createLogger({ logLevel: 'silent', logPretty: false });
  rpc = new RpcPool({ endpoints: [new RpcEndpoint({ url: chain.rpcUrl, clock })], clock, random: Math.random, log });
});
// Of its own, so that no test waits for the lease of another.
beforeEach(async () => {
  [payer] = (await chain.fundedKeypairs(1)) as [Keypair];
});
afterEach(async () => {
  await Promise.all(started.map((one) => one.stop()));
  started = [];
});
afterAll(async () => {
  await rpc.close();
  await mongo.close();
  await database.drop();
  await chain.stop();
});

/** A process over the real chain with the given faults. */
function process(faults: Partial<ChainPort> = {}, options: Partial<DeskProcessOptions> = {}): DeskProcess {
  const one = startDeskProcess({ chain: withFaults(rpc.chain, faults), mongo, payer, ...options });
  started.push(one);
  return one;
}

/** Nothing of it moves any more, and nobody waits for it at the end. */
function kill(one: DeskProcess): void {
  one.kill();
  started = started.filter((other) => other !== one);
}

/** A request whose effect can be counted: a transfer to an address of its own. */
function transfer(changes: Partial<SubmitRequest> & { to?: Keypair; lamports?: number } = {}) {
  const { to = Keypair.generate(), lamports = LAMPORTS, ...request } = changes;
  const address = to.publicKey.toBase58();
  const from = payer;
  return {
    to: to.publicKey,
    request: {
      owner: 'tester',
      key: randomUUID(),
      command: 'transfer',
      identity: { address, lamports },
      plan: async () => ({
        instructions: [SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to.publicKey, lamports })],
        payer: from.publicKey.toBase58(),
        result: { address, addresses: {}, documents: [] },
      }),
      ...request,
    } satisfies SubmitRequest,
  };
}

/** The request once it is in that state. */
function inState({ owner, key }: { readonly owner: string; readonly key: string }, ...states: TransactionState[]) {
  return eventually(async () => {
    const stored = await new TransactionStore(mongo.db).find(`${owner}:${key}`);
    return stored && states.includes(stored.state) ? stored : undefined;
  });
}

const balance = (address: Parameters<typeof chain.connection.getBalance>[0]) => chain.connection.getBalance(address);
const unreachable = () => Promise.reject(new RpcError('unreachable', 'cut off'));
const never = () => new Promise<never>(() => {});

describe('I9: a request has at most one effect', () => {
  it('004-3.1: lands once, is confirmed, and rests as finalized', async () => {
    const { request, to } = transfer();
    const transaction = await process().submit(request);
    expect(transaction).toMatchObject({ state: 'confirmed', refusal: null, signer: payer.publicKey.toBase58() });
    expect(transaction.attempts).toHaveLength(1);
    expect(transaction.attempts[0]).toMatchObject({ signature: transaction.signature, sends: 1, error: null });
    expect(await balance(to)).toBe(LAMPORTS);
    const final = await inState(request, 'finalized');
    expect(final).toMatchObject({ commitment: 'finalized', slot: transaction.slot });
  });

  it('004-5.1: gives the same answer for the same key, also at once, from two processes', async () => {
    const { request, to } = transfer();
    const processes = [process(), process()];
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => (processes[index % 2] as DeskProcess).submit(request)),
    );
    expect(new Set(answers.map(({ signature }) => signature)).size).toBe(1);
    expect(answers.every(({ state }) => state === 'confirmed')).toBe(true);
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('004-5.1: refuses another body under the same key, and lets another owner use it', async () => {
    const { request } = transfer();
    const one = process();
    await one.submit(request);
    const other = await one.submitter.submit({ ...request, identity: 'something else' }, WAIT_MS);
    expect(other).toEqual({ kind: 'key-reused' });
    const { request: theirs, to } = transfer({ key: request.key, owner: 'somebody-else' });
    expect(await one.submit(theirs)).toMatchObject({ state: 'confirmed' });
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('requests that say the same are as many effects, although their bytes would be the same', async () => {
    const to = Keypair.generate();
    const one = process();
    const answers = await Promise.all([1, 2, 3].map(() => one.submit(transfer({ to }).request)));
    expect(new Set(answers.map(({ signature }) => signature)).size).toBe(3);
    expect(await balance(to.publicKey)).toBe(3 * LAMPORTS);
  });

  it('004-1.1: killed between store and send: its successor sends the same bytes, once', async () => {
    const { request, to } = transfer();
    const first = process({ sendTransaction: never });
    await first.submit(request, 100);
    const stored = await inState(request, 'signed');
    kill(first);
    const landed = await process().submit(request);
    expect(landed).toMatchObject({ state: 'confirmed', signature: stored.attempts[0]?.signature });
    expect(landed.attempts).toHaveLength(1);
    expect(landed.fence).toBeGreaterThan(stored.fence);
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('killed after the send, before it was noted: its successor finds it landed', async () => {
    const { request, to } = transfer();
    const first = process({
      sendTransaction: async (wire, options) => {
        await rpc.chain.sendTransaction(wire, options);
        return never();
      },
    });
    await first.submit(request, 100);
    await inState(request, 'signed');
    kill(first);
    process();
    expect((await inState(request, 'confirmed', 'finalized')).attempts).toHaveLength(1);
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('004-1.2: a holder that stood still writes nothing when it goes on (I8)', async () => {
    const { request, to } = transfer();
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const first = process({
      simulateTransaction: async (wire, commitment) => {
        await gate;
        return rpc.chain.simulateTransaction(wire, commitment);
      },
    });
    await first.submit(request, 100);
    await inState(request, 'pending');
    // What renews its lease stands still; what is under way for the request does not.
    kill(first);
    const landed = await process().submit(request);
    goOn();
    await clock.sleep(500);
    expect(await new TransactionStore(mongo.db).find(landed.id)).toMatchObject({
      signature: landed.signature,
      fence: landed.fence,
    });
    expect(landed.attempts).toHaveLength(1);
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('004-5.2: a send that fails although the node took it is looked up, not repeated with new bytes', async () => {
    const { request, to } = transfer();
    let sends = 0;
    const one = process({
      sendTransaction: async (wire, options) => {
        sends += 1;
        await rpc.chain.sendTransaction(wire, options).catch(() => undefined);
        throw new RpcError('timeout', 'the answer got lost');
      },
    });
    const landed = await one.submit(request);
    expect(landed).toMatchObject({ state: 'confirmed' });
    expect(landed.attempts).toHaveLength(1);
    expect(sends).toBeGreaterThan(0);
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('004-4.1: what provably can never land is signed again, and lands once', async () => {
    const { request, to } = transfer();
    let isMute = true;
    const one = process({
      sendTransaction: (wire, options) => (isMute ? unreachable() : rpc.chain.sendTransaction(wire, options)),
    });
    await one.submit(request, 100);
    const sent = await inState(request, 'sent');
    expect(sent.attempts[0]?.error).toContain('unreachable');
    const expired = await eventually(
      async () => {
        const stored = await one.store.find(sent.id);
        return stored && stored.attempts.length > 1 ? stored : undefined;
      },
      { timeoutMs: EXPIRY_WAIT_MS },
    );
    isMute = false;
    expect(expired.attempts[0]?.expiredAt).not.toBeNull();
    const landed = await one.submit(request);
    expect(landed.signature).not.toBe(sent.attempts[0]?.signature);
    expect(await balance(to)).toBe(LAMPORTS);
  });
});

describe('I9: a plan that loses a race before anything is signed', () => {
  const refusing = (times: number, plan: () => Promise<Awaited<ReturnType<SubmitRequest['plan']>>>) => {
    let simulations = 0;
    return process(
      {
        simulateTransaction: async (wire, commitment) => {
          simulations += 1;
          if (simulations > times) return rpc.chain.simulateTransaction(wire, commitment);
          return {
            contextSlot: 0,
            err: { InstructionError: [0, { Custom: 2006 }] },
            logs: [],
            unitsConsumed: null,
            accounts: [],
          };
        },
      },
      { replanner: { plan } },
    );
  };
  const counted = (races?: readonly string[]) => {
    const { request, to } = transfer();
    const plans = { made: 0 };
    const plan = () => {
      plans.made += 1;
      return request.plan();
    };
    return { request: { ...request, ...(races ? { races } : {}) }, plan, to, plans };
  };

  it('is made again, and lands once', async () => {
    const { request, plan, to, plans } = counted(['ConstraintSeeds']);
    const transaction = await refusing(2, plan).submit(request);
    expect(transaction).toMatchObject({ state: 'confirmed', refusal: null });
    expect(transaction.attempts).toHaveLength(1);
    expect(plans.made).toBe(2);
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it.each([
    ['always loses', ['ConstraintSeeds'], 4],
    ['is refused for another reason', ['SomethingElse'], 0],
    ['cannot lose one', undefined, 0],
  ])('%s: refused, without any bytes', async (_, races, made) => {
    const { request, plan, to, plans } = counted(races);
    const transaction = await refusing(Infinity, plan).submit(request);
    expect(transaction).toMatchObject({ state: 'failed', attempts: [], refusal: { name: 'ConstraintSeeds' } });
    expect(plans.made).toBe(made);
    expect(await balance(to)).toBe(0);
  });
});

describe('I5: not knowing is not an answer', () => {
  it('stays unresolved while nobody can say, and is found by whoever is next', async () => {
    const { request, to } = transfer();
    const blind = process({ signatureStatuses: unreachable });
    await blind.submit(request, 500);
    expect(await inState(request, 'sent')).toMatchObject({ refusal: null });
    await blind.stop();
    const seen = await process().submitter.look(`tester:${request.key}`, WAIT_MS);
    expect(seen?.state).toMatch(/^(confirmed|finalized)$/);
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('what was accepted waits while the chain cannot be asked, and lands when it can', async () => {
    const { request, to } = transfer();
    let isCut = true;
    const one = process({
      latestBlockhash: (commitment) => (isCut ? unreachable() : rpc.chain.latestBlockhash(commitment)),
    });
    expect(await one.submit(request, 300)).toMatchObject({ state: 'pending', attempts: [] });
    isCut = false;
    expect(await one.submit(request)).toMatchObject({ state: 'confirmed' });
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('expires only when it is proven that it can never land', async () => {
    const { request, to } = transfer();
    const mute = process({ sendTransaction: unreachable }, { mostAttempts: 1 });
    await mute.submit(request, 300);
    const [attempt] = (await inState(request, 'sent')).attempts;
    // 150 blocks and the finality of the one after: 10 s of a Surfnet's slots, 20 s or more of the validator's.
    const expired = await mute.submit(request, EXPIRY_WAIT_MS);
    expect(expired).toMatchObject({ state: 'expired', refusal: null });
    const { lifetime } = attempt as NonNullable<typeof attempt>;
    expect(await rpc.chain.blockHeight('finalized')).toBeGreaterThan(
      lifetime.kind === 'blockhash' ? lifetime.lastValidBlockHeight : Infinity,
    );
    // Its bytes, sent by anybody, can do nothing now.
    await rpc.chain
      .sendTransaction(attempt?.wire as Uint8Array, {
        skipPreflight: true,
        preflightCommitment: 'confirmed',
        maxRetries: 0,
      })
      .catch(() => undefined);
    expect(await balance(to)).toBe(0);
  });
});

describe('the chain says no', () => {
  const tooMuch = 1_000_000_000_000_000;

  it('in the simulation: failed, and nothing was ever signed', async () => {
    const { request } = transfer({ lamports: tooMuch });
    const one = process();
    const failed = await one.submit(request);
    expect(failed).toMatchObject({
      state: 'failed',
      attempts: [],
      refusal: { stage: 'simulation', name: 'InsufficientLamports', code: 1 },
    });
    expect(await one.submit(request)).toEqual(failed);
  });

  it('where it landed: failed once that is final, with the slot and the reason', async () => {
    const { request, to } = transfer({ lamports: tooMuch });
    const optimist = process({
      simulateTransaction: async () => ({ contextSlot: 0, err: null, logs: [], unitsConsumed: 0, accounts: [] }),
    });
    const failed = await optimist.submit(request, EXPIRY_WAIT_MS);
    expect(failed).toMatchObject({
      state: 'failed',
      commitment: 'finalized',
      refusal: { stage: 'landed', name: 'InsufficientLamports' },
    });
    expect(failed.slot).toBeGreaterThan(0);
    expect(await balance(to)).toBe(0);
  });
});

describe('what no packet holds', () => {
  const large = async () => {
    const plan = await transfer().request.plan();
    const more = await Promise.all(Array.from({ length: 40 }, () => transfer().request.plan()));
    return { ...plan, instructions: more.flatMap(({ instructions }) => instructions) };
  };

  it('is refused when it comes, and nothing is stored', async () => {
    const { request } = transfer({ plan: large });
    const one = process();
    await expect(one.submitter.submit(request, 100)).rejects.toMatchObject({ code: 'transaction-too-large' });
    expect(await one.store.find(`tester:${request.key}`)).toBeNull();
  });

  it('fails where it is planned anew, with its number given back', async () => {
    const counter = `test/${payer.publicKey.toBase58()}`;
    const replanner = { numbers: async () => ({ floor: 0n, next: 3n }), plan: large };
    const one = process({}, { replanner });
    const failed = await one.submit(transfer({ counter }).request, 5_000);
    expect(failed).toMatchObject({ state: 'failed', attempts: [], refusal: { name: 'transaction-too-large' } });
    expect(await one.store.readCounters([counter])).toMatchObject([{ next: 4n, free: [3n] }]);
  });
});

describe('004-2.1: numbers of their own', () => {
  it('are taken by as many requests at once, without a hole, whichever process they came to; what failed is given back', async () => {
    const counter = `test/${payer.publicKey.toBase58()}`;
    const replanner = {
      numbers: async () => ({ floor: 0n, next: 7n }),
      plan: async ({ id }: { readonly id: string }, index: bigint | null) => ({
        // The amount shows which number it was planned with.
        ...(await transfer({ lamports: LAMPORTS + Number(index) }).request.plan()),
        result: { address: id, addresses: { index: String(index) }, documents: [] },
      }),
    };
    const processes = [process({}, { replanner }), process({}, { replanner })] as const;
    const requests = Array.from({ length: 20 }, () => transfer({ counter }).request);
    const landed = await Promise.all(requests.map((request, at) => processes[at % 2 === 0 ? 0 : 1].submit(request)));
    const taken = landed.map(({ allocation }) => Number(allocation?.index)).sort((a, b) => a - b);
    expect(taken).toEqual(Array.from({ length: 20 }, (_, at) => 7 + at));
    expect(
      landed.every(
        ({ state, result, allocation }) =>
          state === 'confirmed' && result?.addresses['index'] === String(allocation?.index),
      ),
    ).toBe(true);

    await Promise.all(processes.map((one) => one.stop()));
    const failing = process(
      {},
      { replanner: { ...replanner, plan: async () => transfer({ lamports: 1e15 }).request.plan() } },
    );
    const failed = await failing.submit(transfer({ counter }).request);
    expect(failed).toMatchObject({ state: 'failed', allocation: { index: 27n } });
    await failing.stop();
    const next = await process({}, { replanner }).submit(transfer({ counter }).request);
    expect(next.allocation?.index).toBe(27n);
  });
});

describe('004-2.1: a lifetime that does not end by itself', () => {
  /** Nonce accounts of the payer. */
  const pool = async (count: number) => {
    const store = new NonceStore(mongo.db);
    const work = {
      ...{ chain: rpc.chain, members: rpc.members, store, signers: new KeypairSigners([payer.secretKey]), clock },
      ...{
        tell: () => {},
        pool: new NoncePool({
          chain: rpc.chain,
          members: rpc.members,
          store,
          clock,
          findTransaction: async () => null,
        }),
      },
    };
    await growNonces(work, payer.publicKey.toBase58(), count);
    return store;
  };

  it('outlives what a blockhash would have expired in, lands once, and gives its nonce back', async () => {
    const store = await pool(1);
    const { request, to } = transfer({ lifetime: 'nonce' });
    let isMute = true;
    const one = process(
      { sendTransaction: (wire, options) => (isMute ? unreachable() : rpc.chain.sendTransaction(wire, options)) },
      { timing: { bumpMs: EXPIRY_WAIT_MS } },
    );
    await one.submit(request, 100);
    const sent = await inState(request, 'sent');
    expect(sent.attempts[0]?.lifetime.kind).toBe('nonce');
    const height = await rpc.chain.blockHeight('finalized');
    await eventually(async () => (await rpc.chain.blockHeight('finalized')) > height + 160, {
      timeoutMs: EXPIRY_WAIT_MS,
    });
    expect(await one.store.find(sent.id)).toMatchObject({ state: 'sent', attempts: [{ expiredAt: null }] });
    isMute = false;
    expect(await one.submit(request)).toMatchObject({ state: 'confirmed', signature: sent.attempts[0]?.signature });
    expect(await balance(to)).toBe(LAMPORTS);
    await eventually(async () => (await store.counts(payer.publicKey.toBase58())).available === 1);
  });

  it('TRAPS 16, 004-4.2: offers more over the same nonce, of which one lands', async () => {
    await pool(1);
    const { request, to } = transfer({ lifetime: 'nonce' });
    let isMute = true;
    const one = process(
      { sendTransaction: (wire, options) => (isMute ? unreachable() : rpc.chain.sendTransaction(wire, options)) },
      { timing: { bumpMs: 300 } },
    );
    await one.submit(request, 100);
    const raised = await eventually(async () => {
      const stored = await one.store.find(`tester:${request.key}`);
      return stored && stored.attempts.length >= 3 ? stored : undefined;
    });
    const [first, second] = raised.attempts;
    expect(second?.lifetime).toEqual(first?.lifetime);
    expect(second?.fee.unitPrice).toBeGreaterThan(first?.fee.unitPrice ?? 0);
    isMute = false;
    for (const { wire } of raised.attempts) {
      await rpc.chain
        .sendTransaction(wire, { skipPreflight: true, preflightCommitment: 'confirmed', maxRetries: 0 })
        .catch(() => undefined);
    }
    const landed = await one.submit(request);
    expect(landed).toMatchObject({ state: 'confirmed' });
    await inState(request, 'finalized');
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('004-4.2: says that it offers more when an operator wants it to', async () => {
    await pool(1);
    const { request } = transfer({ lifetime: 'nonce' });
    const one = process({ sendTransaction: unreachable }, { timing: { bumpMs: EXPIRY_WAIT_MS } });
    await one.submit(request, 100);
    const { id } = await inState(request, 'sent');
    const outcome = await fulfilWish({ store: one.store, clock }, id, 'bump', 5_000);
    expect(outcome).toMatchObject({ kind: 'done', detail: expect.stringContaining('Version 2 is signed') as string });
    expect(outcome?.transaction.attempts).toHaveLength(2);
  });

  it('waits while no nonce is free', async () => {
    const { request } = transfer({ lifetime: 'nonce' });
    const one = process();
    expect(await one.submit(request, 500)).toMatchObject({ state: 'pending' });
    await pool(1);
    expect(await one.submit(request)).toMatchObject({ state: 'confirmed' });
  });
});

describe('004-6.1: what an operator can do', () => {
  it('a paused signer signs nothing new, and goes on when it is told to', async () => {
    const signer = payer.publicKey.toBase58();
    await pauseSigner(mongo.db, signer, { reason: 'test', at: new Date() });
    const { request, to } = transfer();
    const one = process();
    expect(await one.submit(request, 1_000)).toMatchObject({ state: 'pending', attempts: [] });
    expect(await balance(to)).toBe(0);
    expect(await resumeSigner(mongo.db, signer)).toBe(true);
    expect(await one.submit(request)).toMatchObject({ state: 'confirmed' });
  });

  it('what was taken in before the pause is not signed either, also by whoever takes over', async () => {
    const signer = payer.publicKey.toBase58();
    let isCut = true;
    const faults: Partial<ChainPort> = {
      latestBlockhash: (commitment) => (isCut ? unreachable() : rpc.chain.latestBlockhash(commitment)),
    };
    const { request, to } = transfer();
    const one = process(faults);
    await one.submit(request, 100);
    const taken = await eventually(async () => {
      const stored = await one.store.find(`tester:${request.key}`);
      return stored && stored.fence > 0 ? stored : undefined;
    });
    await pauseSigner(mongo.db, signer, { reason: 'test', at: new Date() });
    // What is asked about the pause is asked again after 250 ms.
    await clock.sleep(300);
    isCut = false;
    await one.submit(request, 1_500);
    expect(await one.store.find(taken.id)).toMatchObject({ state: 'pending', attempts: [] });
    await one.stop();
    const successor = process(faults);
    expect(await successor.submit(request, 1_500)).toMatchObject({ state: 'pending', attempts: [] });
    await resumeSigner(mongo.db, signer);
    expect(await successor.submit(request)).toMatchObject({ state: 'confirmed' });
    expect(await balance(to)).toBe(LAMPORTS);
  });

  it('what was never signed can be cancelled, for good', async () => {
    const { request, to } = transfer();
    let isCut = true;
    const one = process({
      latestBlockhash: (commitment) => (isCut ? unreachable() : rpc.chain.latestBlockhash(commitment)),
    });
    const { id } = await one.submit(request, 100);
    expect(await one.store.wish(id, 'cancel', new Date())).toBe(true);
    await inState(request, 'cancelled');
    isCut = false;
    expect(await one.submit(request)).toMatchObject({ state: 'cancelled', attempts: [] });
    expect(await balance(to)).toBe(0);
    expect(await one.store.wish(id, 'cancel', new Date())).toBe(false);
  });

  it('a wish that nobody came to yet makes way for a cancel alone, and nobody is told that it was done', async () => {
    const { request } = transfer();
    const idle = process({}, { signer: 'nobody' });
    const { id } = await idle.submit(request, 0);
    const wants = (wish: Wish) => fulfilWish({ store: idle.store, clock }, id, wish, 0);
    expect(await wants('resubmit')).toMatchObject({ kind: 'waiting' });
    expect(await wants('cancel')).toMatchObject({ kind: 'waiting' });
    expect(await wants('resubmit')).toMatchObject({
      kind: 'not-done',
      detail: expect.stringContaining('wants to cancel it') as string,
    });
    process();
    await inState(request, 'cancelled');
  });

  it('what was signed cannot be cancelled', async () => {
    const { request, to } = transfer();
    const mute = process({ sendTransaction: unreachable });
    await mute.submit(request, 100);
    const { id } = await inState(request, 'sent');
    await mute.store.wish(id, 'cancel', new Date());
    await eventually(async () => (await mute.store.find(id))?.wish === null);
    await mute.stop();
    expect(await process().submit(request)).toMatchObject({ state: 'confirmed' });
    expect(await balance(to)).toBe(LAMPORTS);
  });
});
