import { randomUUID } from 'node:crypto';
import { Keypair, SystemProgram, VersionedMessage, VersionedTransaction } from '@solana/web3.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChainPort } from '../../../src/chain/chain-port.js';
import { RpcEndpoint } from '../../../src/chain/rpc-endpoint.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { connectMongo, type MongoConnection } from '../../../src/store/mongo-connection.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { WALLETS, type TransactionState } from '../../../src/transactions/managed-transaction.js';
import { TransactionStore } from '../../../src/transactions/transaction-store.js';
import { eventually } from '../../support/eventually.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { startDeskProcess, withFaults, type DeskProcess, type DeskProcessOptions } from './desk-process.js';

const LAMPORTS = 5_000_000;
const WAIT_MS = 20_000;

let chain: TestChain;
let database: TestDatabase;
let mongo: MongoConnection;
let pool: RpcPool;
let store: TransactionStore;
/** Held by the server, which pays the fee; and by a person, who pays the sum. */
let server: Keypair;
let wallet: Keypair;
let started: DeskProcess[] = [];

beforeAll(async () => {
  [chain, database] = await Promise.all([createTestChain({ programs: [] }), createTestDatabase()]);
  mongo = await connectMongo(database.uri, database.name);
  store = new TransactionStore(mongo.db);
  await store.ensureIndexes();
  const log = createLogger({ logLevel: 'silent', logPretty: false });
  pool = new RpcPool({ endpoints: [new RpcEndpoint({ url: chain.rpcUrl, clock })], clock, random: Math.random, log });
  [server, wallet] = (await chain.fundedKeypairs(2)) as [Keypair, Keypair];
});
afterEach(async () => {
  await Promise.all(started.map((one) => one.stop()));
  started = [];
});
afterAll(async () => {
  await pool.close();
  await mongo.close();
  await database.drop();
  await chain.stop();
});

/** A process over the real chain, with a `sendTransaction` of its own if it is given one. */
function process(options: Partial<DeskProcessOptions> = {}, send?: ChainPort['sendTransaction']): DeskProcess {
  const faulty = withFaults(pool.chain, send ? { sendTransaction: send } : {});
  const one = startDeskProcess({ chain: faulty, mongo, payer: server, signer: WALLETS, ...options });
  started.push(one);
  return one;
}

function kill(one: DeskProcess): void {
  one.kill();
  started = started.filter((other) => other !== one);
}

/** A transfer to an address of its own, as prepared, and as the wallet signs it. */
async function prepared(one: DeskProcess, to = Keypair.generate()) {
  const outcome = await one.preparer.prepare({
    ...{ owner: 'tester', key: randomUUID(), command: 'transfer', identity: to.publicKey.toBase58() },
    plan: async () => ({
      instructions: [
        SystemProgram.transfer({ fromPubkey: wallet.publicKey, toPubkey: to.publicKey, lamports: LAMPORTS }),
      ],
      payer: server.publicKey.toBase58(),
      result: { address: to.publicKey.toBase58(), addresses: {}, documents: [] },
    }),
  });
  const transaction = outcome.kind === 'prepared' ? outcome.transaction : null;
  if (!transaction?.prepared) throw new Error(outcome.kind);
  const opened = new VersionedTransaction(VersionedMessage.deserialize(transaction.prepared.message));
  opened.sign([wallet]);
  return {
    id: transaction.id,
    to: to.publicKey,
    transaction,
    submission: { owner: 'tester', wire: opened.serialize() },
  };
}

function inState(id: string, ...states: TransactionState[]) {
  return eventually(async () => {
    const stored = await store.find(id);
    return stored && states.includes(stored.state) ? stored : undefined;
  });
}

describe('X-5, I9: what a wallet signed has at most one effect', () => {
  it('killed between store and send: its successor sends the same bytes, once', async () => {
    const first = process({}, () => new Promise<never>(() => {}));
    const { id, to, submission } = await prepared(first);
    await first.walletSubmitter.submit(submission, 100);
    const stored = await inState(id, 'signed');
    await eventually(async () => ((await store.find(id))?.fence ?? 0) > 0);
    kill(first);
    const outcome = await process().walletSubmitter.submit(submission, WAIT_MS);
    expect(outcome).toMatchObject({ kind: 'current', repeated: true, transaction: { state: 'confirmed' } });
    expect((await store.find(id))?.attempts).toMatchObject([{ signature: stored.attempts[0]?.signature }]);
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
  });

  it('stored where nobody holds the lease: whoever comes next sends it', async () => {
    const taker = process();
    const { id, to, submission } = await prepared(taker);
    await taker.stop();
    await taker.walletSubmitter.submit(submission, 0);
    expect(await store.find(id)).toMatchObject({ state: 'signed', fence: 0 });
    process();
    expect((await inState(id, 'confirmed', 'finalized')).attempts).toHaveLength(1);
    expect(await chain.connection.getBalance(to)).toBe(LAMPORTS);
  });

  it('two that say the same are different bytes, and two effects', async () => {
    const one = process();
    const to = Keypair.generate();
    const both = await Promise.all([prepared(one, to), prepared(one, to)]);
    expect(new Set(both.map(({ transaction }) => transaction.prepared?.hash)).size).toBe(2);
    await Promise.all(both.map(({ submission }) => one.walletSubmitter.submit(submission, WAIT_MS)));
    expect(await chain.connection.getBalance(to.publicKey)).toBe(2 * LAMPORTS);
  });
});

describe('X-5: what is never submitted', () => {
  it('is removed after its time, and then unknown; what was submitted stays', async () => {
    const one = process({ timing: { forgetMs: 50, preparedKeptMs: 1_500 } });
    const [kept, left] = [await prepared(one), await prepared(one)];
    await one.walletSubmitter.submit(kept.submission, WAIT_MS);
    await eventually(async () => (await store.find(left.id)) === null);
    expect(await one.walletSubmitter.submit(left.submission, 0)).toEqual({ kind: 'unknown' });
    expect(await store.find(kept.id)).toMatchObject({ prepared: { hash: kept.transaction.prepared?.hash } });
    expect(await chain.connection.getBalance(left.to)).toBe(0);
  });

  it('can be cancelled by an operator, and is then not taken', async () => {
    const one = process();
    const { id, to, submission } = await prepared(one);
    expect(await store.wish(id, 'cancel', new Date())).toBe(true);
    await inState(id, 'cancelled');
    const outcome = await one.walletSubmitter.submit(submission, WAIT_MS);
    expect(outcome).toMatchObject({ transaction: { state: 'cancelled', attempts: [] } });
    expect(await chain.connection.getBalance(to)).toBe(0);
  });
});
