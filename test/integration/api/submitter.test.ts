import { randomUUID } from 'node:crypto';
import { Keypair, SystemProgram } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChainPort } from '../../../src/chain/chain-port.js';
import { RpcEndpoint } from '../../../src/chain/rpc-endpoint.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { connectMongo, type MongoConnection } from '../../../src/store/mongo-connection.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { KeypairSigners } from '../../../src/transactions/keypair-signers.js';
import { TransactionStore } from '../../../src/transactions/transaction-store.js';
import { TransactionSubmitter, type SubmitRequest } from '../../../src/transactions/transaction-submitter.js';
import { eventually } from '../../support/eventually.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const log = createLogger({ logLevel: 'silent', logPretty: false });
const LAMPORTS = 5_000_000;
const WAIT_MS = 20_000;
const EXPIRY_WAIT_MS = 90_000;

let chain: TestChain;
let database: TestDatabase;
let mongo: MongoConnection;
let pool: RpcPool;
let payer: Keypair;
const started: TransactionSubmitter[] = [];

beforeAll(async () => {
  [chain, database] = await Promise.all([createTestChain({ programs: [] }), createTestDatabase()]);
  mongo = await connectMongo(database.uri, database.name);
  await new TransactionStore(mongo.db).ensureIndexes();
  pool = new RpcPool({ endpoints: [new RpcEndpoint({ url: chain.rpcUrl, clock })], clock, random: Math.random, log });
  [payer] = (await chain.fundedKeypairs(1)) as [Keypair];
});
afterAll(async () => {
  await Promise.all(started.map((submitter) => submitter.stop()));
  await pool.close();
  await mongo.close();
  await database.drop();
  await chain.stop();
});

/** A process: its submitter, over the real chain with the given faults. */
function process(faults: Partial<ChainPort> = {}): TransactionSubmitter {
  const submitter = new TransactionSubmitter({
    chain: withFaults(pool.chain, faults),
    store: new TransactionStore(mongo.db),
    signers: new KeypairSigners([payer.secretKey]),
    catalogs: [],
    clock,
    log,
    metrics: createMetrics(),
    timing: { pollMs: () => 50, resendMs: 300 },
  });
  started.push(submitter);
  return submitter;
}

function withFaults(real: ChainPort, faults: Partial<ChainPort>): ChainPort {
  return new Proxy(real, {
    get: (target, name) => {
      const value: unknown = (faults as Record<string | symbol, unknown>)[name] ?? Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

/** A request whose effect can be counted: a transfer to an address of its own. */
function transfer(changes: Partial<SubmitRequest> & { to?: Keypair; lamports?: number } = {}) {
  const { to = Keypair.generate(), lamports = LAMPORTS, ...request } = changes;
  const address = to.publicKey.toBase58();
  return {
    to: to.publicKey,
    request: {
      owner: 'tester',
      key: randomUUID(),
      command: 'transfer',
      identity: { address, lamports },
      plan: async () => ({
        instructions: [SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to.publicKey, lamports })],
        payer: payer.publicKey.toBase58(),
        result: { address, addresses: {}, documents: [] },
      }),
      ...request,
    } satisfies SubmitRequest,
  };
}

async function submitted(submitter: TransactionSubmitter, request: SubmitRequest, waitMs = WAIT_MS) {
  const outcome = await submitter.submit(request, waitMs);
  if (outcome.kind !== 'current') throw new Error(outcome.kind);
  return outcome.transaction;
}

/** The request once its bytes were handed to a node, which a busy machine takes its time for. */
function sent({ owner, key }: { readonly owner: string; readonly key: string }) {
  return eventually(async () => {
    const stored = await new TransactionStore(mongo.db).find(`${owner}:${key}`);
    return stored?.state === 'sent' && stored;
  });
}

const unreachable = () => Promise.reject(new RpcError('unreachable', 'cut off'));

describe('I9: a request has at most one effect', () => {
  it('lands once and rests as confirmed', async () => {
    const { request, to } = transfer();
    const transaction = await submitted(process(), request);
    expect(transaction).toMatchObject({ state: 'confirmed', refusal: null });
    expect(transaction.attempts).toHaveLength(1);
    expect(transaction.attempts[0]?.firstSentAt).not.toBeNull();
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
  });

  it('gives the same answer for the same key, also at once, from two processes', async () => {
    const { request, to } = transfer();
    const processes = [process(), process()];
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => submitted(processes[index % 2] as TransactionSubmitter, request)),
    );
    expect(new Set(answers.map((answer) => answer.attempts[0]?.signature)).size).toBe(1);
    expect(answers.every((answer) => answer.state === 'confirmed')).toBe(true);
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
  });

  it('refuses another body under the same key, and lets another owner use it', async () => {
    const { request } = transfer();
    await submitted(process(), request);
    const other = await process().submit({ ...request, identity: 'something else' }, WAIT_MS);
    expect(other).toEqual({ kind: 'key-reused' });
    const { request: theirs, to } = transfer({ key: request.key, owner: 'somebody-else' });
    expect(await submitted(process(), theirs)).toMatchObject({ state: 'confirmed' });
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
  });

  it('two requests that say the same are two effects, although their bytes would be the same', async () => {
    const to = Keypair.generate();
    const requests = [1, 2, 3].map(() => transfer({ to }).request);
    const submitter = process();
    const answers = await Promise.all(requests.map((request) => submitted(submitter, request)));
    expect(new Set(answers.map((answer) => answer.attempts[0]?.signature)).size).toBe(3);
    expect(await chain.connection.getBalance(to.publicKey)).toBe(3 * LAMPORTS);
  });

  it('killed between store and send, then retried: one effect', async () => {
    const { request, to } = transfer();
    // The first process stores the bytes and never gets to send them: it is gone.
    const first = process({ sendTransaction: () => new Promise(() => {}) });
    const stored = await submitted(first, request, 100);
    expect(stored.state).toBe('signed');
    const retried = await submitted(process(), request);
    expect(retried).toMatchObject({ state: 'confirmed' });
    expect(retried.attempts).toEqual([{ ...stored.attempts[0], firstSentAt: retried.attempts[0]?.firstSentAt }]);
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
    started.splice(started.indexOf(first), 1);
  });

  it('killed after the send, before it was noted: the next process finds it landed', async () => {
    const { request, to } = transfer();
    const first = process({
      sendTransaction: async (wire, options) => {
        await pool.chain.sendTransaction(wire, options);
        return new Promise<string>(() => {});
      },
    });
    expect(await submitted(first, request, 100)).toMatchObject({ state: 'signed' });
    started.splice(started.indexOf(first), 1);
    expect(await process().resumeUnresolved()).toBeGreaterThan(0);
    const resumed = await eventually(async () => {
      const found = await new TransactionStore(mongo.db).find(`tester:${request.key}`);
      return found?.state === 'confirmed' && found;
    });
    expect(resumed.attempts).toHaveLength(1);
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
  });

  it('a send that fails although the node took it is looked up, not repeated with new bytes', async () => {
    const { request, to } = transfer();
    let sends = 0;
    const submitter = process({
      sendTransaction: async (wire, options) => {
        sends += 1;
        await pool.chain.sendTransaction(wire, options).catch(() => undefined);
        throw new RpcError('timeout', 'the answer got lost');
      },
    });
    expect(await submitted(submitter, request)).toMatchObject({ state: 'confirmed' });
    expect(sends).toBeGreaterThan(0);
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
  });
});

describe('I9: a plan that loses a race before anything is signed', () => {
  const refusing = (times: number) => {
    let simulations = 0;
    return process({
      simulateTransaction: async (wire, commitment) => {
        simulations += 1;
        if (simulations > times) return pool.chain.simulateTransaction(wire, commitment);
        return { contextSlot: 0, err: { InstructionError: [0, { Custom: 2006 }] }, logs: [], unitsConsumed: null };
      },
    });
  };
  const counted = (races?: readonly string[]) => {
    const { request, to } = transfer();
    const plans = { made: 0 };
    const plan = () => {
      plans.made += 1;
      return request.plan();
    };
    return { request: { ...request, plan, ...(races ? { races } : {}) }, to, plans };
  };

  it('is made again, and lands once', async () => {
    const { request, to, plans } = counted(['ConstraintSeeds']);
    const transaction = await submitted(refusing(2), request);
    expect(transaction).toMatchObject({ state: 'confirmed', refusal: null });
    expect(transaction.attempts).toHaveLength(1);
    expect(plans.made).toBe(3);
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
  });

  it.each([
    ['always loses', ['ConstraintSeeds'], 5],
    ['is refused for another reason', ['SomethingElse'], 1],
    ['cannot lose one', undefined, 1],
  ])('%s: refused, without any bytes', async (_, races, made) => {
    const { request, to, plans } = counted(races);
    const transaction = await submitted(refusing(Infinity), request);
    expect(transaction).toMatchObject({ state: 'failed', attempts: [], refusal: { name: 'ConstraintSeeds' } });
    expect(plans.made).toBe(made);
    expect(await chain.connection.getBalance(to)).toBe(0);
  });
});

describe('I5: not knowing is not an answer', () => {
  it('stays unresolved while nobody can say, and is found when somebody asks again', async () => {
    const { request, to } = transfer();
    const blind = process({ signatureStatuses: unreachable });
    await submitted(blind, request, 500);
    expect(await sent(request)).toMatchObject({ state: 'sent', refusal: null });
    await blind.stop();
    const seen = await process().look(`tester:${request.key}`, WAIT_MS);
    expect(seen).toMatchObject({ state: 'confirmed' });
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
  });

  it('signs nothing when the chain cannot be asked, and the same key may try again', async () => {
    const { request } = transfer();
    const { key } = request;
    await expect(submitted(process({ latestBlockhash: unreachable }), request)).rejects.toMatchObject({
      code: 'chain-unreachable',
    });
    const stored = await new TransactionStore(mongo.db).find(`tester:${key}`);
    expect(stored).toMatchObject({ state: 'pending', attempts: [] });
    // The same request may be made again with the same key.
    expect(await submitted(process(), request)).toMatchObject({ state: 'confirmed' });
  });

  it('expires only when it is proven that it can never land', async () => {
    const { request, to } = transfer();
    const mute = process({ sendTransaction: unreachable });
    await submitted(mute, request, 300);
    const stored = await sent(request);
    // 150 blocks and the finality of the one after: 10 s of a Surfnet's slots, 20 s or more of the validator's.
    const expired = await submitted(mute, request, EXPIRY_WAIT_MS);
    expect(expired).toMatchObject({ state: 'expired', refusal: null });
    expect(await pool.chain.blockHeight('finalized')).toBeGreaterThan(
      stored.attempts[0]?.lastValidBlockHeight ?? Infinity,
    );
    // Its bytes, sent by anybody, can do nothing now.
    const wire = stored.attempts[0]?.wire as Uint8Array;
    await pool.chain
      .sendTransaction(wire, { skipPreflight: true, preflightCommitment: 'confirmed', maxRetries: 0 })
      .catch(() => undefined);
    expect(await chain.connection.getBalance(to)).toBe(0);
  });
});

describe('the chain says no', () => {
  const tooMuch = 1_000_000_000_000_000;

  it('in the simulation: failed, and nothing was ever signed', async () => {
    const { request } = transfer({ lamports: tooMuch });
    const failed = await submitted(process(), request);
    expect(failed).toMatchObject({
      state: 'failed',
      attempts: [],
      refusal: { stage: 'simulation', name: 'InsufficientLamports', code: 1 },
    });
    expect(await submitted(process(), request)).toEqual(failed);
  });

  it('where it landed: failed, with the slot and the reason', async () => {
    const { request, to } = transfer({ lamports: tooMuch });
    const optimist = process({
      simulateTransaction: async () => ({ contextSlot: 0, err: null, logs: [], unitsConsumed: 0 }),
    });
    const failed = await submitted(optimist, request);
    expect(failed).toMatchObject({ state: 'failed', refusal: { stage: 'landed', name: 'InsufficientLamports' } });
    expect(failed.slot).toBeGreaterThan(0);
    expect(await chain.connection.getBalance(to)).toBe(0);
  });
});
