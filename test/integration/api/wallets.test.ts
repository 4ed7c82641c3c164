import { randomUUID } from 'node:crypto';
import { Keypair, SystemProgram, Transaction, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type ApiProcess } from '../../../src/app/api-process.js';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { couponRoutes } from '../../../src/domains/coupons/routes.js';
import { redPacketRoutes } from '../../../src/domains/red-packets/routes.js';
import { pauseSigner, resumeSigner } from '../../../src/transactions/signer-pause.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { promotionTerms, startApiStack, type Answer, type ApiStack } from './api-stack.js';

const DOMAINS = [couponRoutes, redPacketRoutes()];

let stack: ApiStack;
/** A second process of the same fleet. */
let other: { readonly foundation: Foundation; readonly api: ApiProcess };
let server: string;
let merchant: Keypair;
let holder: Keypair;
/** Prepared at the very beginning and never submitted before the end. */
let late: Answer;

const text = (keypair: Keypair) => keypair.publicKey.toBase58();
const prepare = (path: string, body: unknown, key: string = randomUUID()) =>
  stack.post(`/api${path}/prepare`, body, { 'idempotency-key': key });
const submit = (transaction: string, more: object = {}) => stack.post('/api/transactions', { transaction, ...more });
const opened = ({ body }: Answer) => VersionedTransaction.deserialize(Buffer.from(body.transaction, 'base64'));
const closed = (transaction: VersionedTransaction) => Buffer.from(transaction.serialize()).toString('base64');

/** As a wallet does it. */
function signed(answer: Answer, ...wallets: Keypair[]): string {
  expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ state: 'prepared' });
  const transaction = opened(answer);
  transaction.sign(wallets);
  return closed(transaction);
}

async function stored(id: string) {
  return stack.foundation.mongo.db
    .collection<{ _id: string; attempts: unknown[] }>('managed_transactions')
    .findOne({ _id: id });
}

beforeAll(async () => {
  stack = await startApiStack({ signers: 1, domains: DOMAINS });
  [server = ''] = stack.addresses;
  [merchant, holder] = (await stack.chain.fundedKeypairs(2)) as [Keypair, Keypair];
  const { config, log } = stack.foundation;
  const endpoints = { rpcUrls: [stack.proxy.rpcUrl], wsUrls: [stack.proxy.wsUrl], mongodbUri: stack.databaseUri };
  const modules = DOMAINS.map(({ module }) => module);
  const foundation = await layFoundation(config, endpoints, modules, log, createMetrics());
  other = { foundation, api: await startApi(foundation, DOMAINS) };
  late = await prepare('/merchants', { authority: text(holder), name: 'Late', category: 'x' });
});
afterAll(async () => {
  await other.api.stop();
  await other.foundation.close();
  await stack.stop();
});

describe('X-5: a wallet signs', () => {
  it('and registers a merchant: what it was told beforehand is what happens', async () => {
    const key = randomUUID();
    const body = { authority: text(merchant), name: 'Mira', category: 'coffee' };
    const prepared = await prepare('/merchants', body, key);
    expect(prepared.status).toBe(201);
    expect(prepared.body).toMatchObject({
      signers: [{ address: text(merchant), by: 'wallet' }],
      expires: { kind: 'blockhash', lastValidBlockHeight: expect.any(Number) as number },
      summary: {
        does: 'Registers a merchant, one for each authority',
        values: body,
        payer: text(merchant),
        fee: { signatures: '5000' },
      },
    });
    const { balanceChange } = prepared.body['summary'] as { balanceChange: string };
    // Nothing is there before it is signed.
    expect((await stack.get(`/api/merchants/${prepared.body.addresses?.['merchant'] as string}`)).status).toBe(404);
    expect(await prepare('/merchants', body, key)).toMatchObject({ status: 201, body: prepared.body });
    expect((await prepare('/merchants', { ...body, name: 'Other' }, key)).body.code).toBe('idempotency-key-reused');
    expect(await stack.post('/api/merchants/prepare?lifetime=nonce', body)).toMatchObject({
      ...{ status: 400, body: { code: 'invalid-request', errors: [{ field: 'lifetime' }] } },
    });
    const itself = await stack.post('/api/merchants', { name: 'Other', category: 'x' }, { 'idempotency-key': key });
    expect(itself.body.code).toBe('idempotency-key-reused');

    const before = await stack.chain.connection.getBalance(merchant.publicKey);
    const answer = await submit(signed(prepared, merchant), { id: prepared.body.id });
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ state: 'confirmed', id: prepared.body.id });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/api/merchants/${answer.body.address}`);
    expect(answer.body.document).toMatchObject({ authority: text(merchant), name: 'Mira' });
    const after = await stack.chain.connection.getBalance(merchant.publicKey);
    expect(after - before).toBe(Number(balanceChange));
  });

  it('and creates a promotion under the next free id, through a wallet that knows legacy transactions only', async () => {
    const prepared = await prepare('/promotions', { authority: text(merchant), ...promotionTerms() });
    const transaction = Transaction.from(Buffer.from(prepared.body.transaction, 'base64'));
    transaction.partialSign(merchant);
    const answer = await submit(transaction.serialize().toString('base64'));
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({
      state: expect.stringMatching(/^(confirmed|finalized)$/) as string,
    });
    expect(answer.status).toBe(201);
    expect(answer.body.document).toMatchObject({ promotionId: '0', title: '$5 off' });
    const status = await stack.get(prepared.body.statusUrl, { 'x-api-key': stack.token });
    expect(status.body).toMatchObject({ command: 'PromotionController.create', signature: answer.body.signature });
  });

  it('and claims a packet that the server pays the account for', async () => {
    const packet = await stack.post('/api/packets', {
      ...{ kind: 'equal', totalAmount: '3000000', count: 3, expiresAt: new Date(Date.now() + 3_600_000).toISOString() },
    });
    expect(packet.status, JSON.stringify(packet.body)).toBe(201);
    const prepared = await prepare(`/packets/${packet.body.address}/claims`, { claimer: text(holder), payer: server });
    expect(prepared.body['signers']).toEqual([
      { address: server, by: 'server' },
      { address: text(holder), by: 'wallet' },
    ]);
    const before = await stack.chain.connection.getBalance(holder.publicKey);
    const answer = await submit(signed(prepared, holder));
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ state: 'confirmed' });
    expect(answer.body.document).toMatchObject({ claimer: text(holder) });
    expect(await stack.chain.connection.getBalance(holder.publicKey)).toBe(before + 1_000_000);
  });

  it('and redeems a coupon whose merchant, the server, signs as well; not while that key is paused', async () => {
    await stack.post('/api/merchants', { name: 'Server', category: 'x' });
    const promotion = (await stack.post('/api/promotions', promotionTerms())).body.address;
    const coupon = (await stack.post('/api/coupons', { promotion, recipient: text(holder) })).body.address;
    const prepared = await prepare(`/coupons/${coupon}/redeem`, { owner: text(holder) });
    const transaction = signed(prepared, holder);
    const { db } = stack.foundation.mongo;
    await pauseSigner(db, server, { reason: 'test', at: new Date() });
    expect((await submit(transaction)).body.code).toBe('signer-paused');
    await resumeSigner(db, server);
    const answer = await submit(transaction);
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ state: 'confirmed' });
    expect(answer.status).toBe(200);
    expect(answer.body.document).toMatchObject({ status: 'redeemed', owner: text(holder) });
  });

  it('I9: the same transaction in two processes at once is one effect and one answer', async () => {
    const { address } = (await stack.get('/api/promotions')).body.items[0] as { address: string };
    const prepared = await prepare('/comments', { author: text(holder), promotion: address, text: 'once' });
    const transaction = signed(prepared, holder);
    const elsewhere = async () => {
      const response = await fetch(`${other.api.url}/api/transactions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.token}` },
        body: JSON.stringify({ transaction }),
      });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    };
    const answers = await Promise.all([submit(transaction), elsewhere(), submit(transaction), elsewhere()]);
    for (const { status, body } of answers) {
      expect(body, JSON.stringify(body)).toMatchObject({ id: prepared.body.id, state: 'confirmed' });
      expect(status).toBe(201);
    }
    expect(new Set(answers.map(({ body }) => body.signature)).size).toBe(1);
    const { items } = (await stack.get(`/api/comments?author=${text(holder)}`)).body;
    expect(items).toHaveLength(1);
    expect((await stored(prepared.body.id))?.attempts).toHaveLength(1);
  });
});

describe('X-5: what is not prepared', () => {
  it.each([
    ['what the server can sign alone', '/merchants', () => ({ name: 'x', category: 'y' }), 'wallet-not-needed'],
    [
      'what the program refuses',
      '/merchants',
      () => ({ authority: text(merchant), name: 'Again', category: 'x' }),
      'program-refused',
    ],
    [
      'what nobody can pay for',
      '/merchants',
      () => ({ authority: text(Keypair.generate()), name: 'x', category: 'y' }),
      'program-refused',
    ],
    ['what is not valid', '/merchants', () => ({ authority: 'x', name: 'x', category: 'y' }), 'invalid-request'],
  ])('I10: %s: a problem, and nothing is stored', async (_, path, body, code) => {
    const key = randomUUID();
    const answer = await prepare(path, body(), key);
    expect(answer.body.code, JSON.stringify(answer.body)).toBe(code);
    const transactions = stack.foundation.mongo.db.collection('managed_transactions');
    expect(await transactions.countDocuments({ _id: { $regex: `:${key}$` } } as object)).toBe(0);
  });
});

describe('X-5: what was changed or not signed is refused, and can still be submitted as it is', () => {
  let prepareClaim: () => Promise<Answer>;
  let prepared: Answer;
  let thief: Keypair;
  beforeAll(async () => {
    thief = Keypair.generate();
    const packet = await stack.post('/api/packets', {
      ...{ kind: 'equal', totalAmount: '3000000', count: 3, expiresAt: new Date(Date.now() + 3_600_000).toISOString() },
    });
    prepareClaim = () => prepare(`/packets/${packet.body.address}/claims`, { claimer: text(merchant), payer: server });
    prepared = await prepareClaim();
  });

  /** The prepared one, taken apart and put together in another way. */
  const changed = (change: (message: TransactionMessage) => void) => () => {
    const message = TransactionMessage.decompile(opened(prepared).message);
    change(message);
    const transaction = new VersionedTransaction(message.compileToLegacyMessage());
    transaction.sign([merchant]);
    return closed(transaction);
  };
  const last = ({ instructions }: TransactionMessage) => {
    const instruction = instructions.at(-1);
    if (!instruction) throw new Error('no instruction');
    return instruction;
  };

  it.each([
    [
      'data',
      ['instruction 2 data'],
      changed((message) => (last(message).data = Buffer.concat([last(message).data, Buffer.of(1)]))),
    ],
    [
      'an account',
      ['instruction 2 accounts', 'accounts'],
      changed((message) => Object.assign(last(message).keys[0] ?? {}, { pubkey: thief.publicKey })),
    ],
    ['the blockhash', ['blockhash'], changed((message) => (message.recentBlockhash = text(thief)))],
    [
      'a further instruction',
      ['instructions'],
      changed(({ instructions }) =>
        instructions.push(
          SystemProgram.transfer({
            fromPubkey: opened(prepared).message.staticAccountKeys[0] ?? thief.publicKey,
            toPubkey: merchant.publicKey,
            lamports: 1e9,
          }),
        ),
      ),
    ],
  ])('%s', async (_, parts, make) => {
    const transaction = make();
    const answer = await submit(transaction, { id: prepared.body.id });
    expect(answer.status, JSON.stringify(answer.body)).toBe(422);
    expect(answer.body).toMatchObject({ code: 'transaction-changed', transaction: prepared.body.id });
    expect(answer.body.differences.map(({ part }) => part)).toEqual(parts);
    expect((await submit(transaction)).body.code).toBe('not-prepared');
  });

  it('the payer: an instruction that is signed by who pays is no longer the prepared one', async () => {
    const make = changed((message) => (message.payerKey = merchant.publicKey));
    const answer = await submit(make(), { id: prepared.body.id });
    expect(answer.body.differences).toContainEqual({ part: 'payer', prepared: server, submitted: text(merchant) });
  });

  it('a missing, a wrong and a foreign signature are named by who has to sign', async () => {
    const unsigned = opened(prepared);
    expect(await submit(closed(unsigned))).toMatchObject({
      ...{ status: 422, body: { code: 'signatures-incomplete', missing: [text(merchant)], wrong: [] } },
    });
    const wrong = opened(prepared);
    wrong.sign([merchant]);
    (wrong.signatures[1] as Uint8Array)[7]! ^= 1;
    expect((await submit(closed(wrong))).body).toMatchObject({ missing: [], wrong: [text(merchant)] });
    const foreign = opened(prepared);
    foreign.addSignature(merchant.publicKey, new Uint8Array(64).fill(9));
    expect((await submit(closed(foreign))).body).toMatchObject({ missing: [], wrong: [text(merchant)] });
  });

  it.each([
    ['no base64', '?'],
    ['no transaction', 'AAAA'],
  ])('%s', async (_, transaction) => {
    expect((await submit(transaction)).body).toMatchObject({
      ...{ code: 'invalid-request', errors: [{ field: 'transaction' }] },
    });
  });

  it("with another key, or with none, it is as if it were not there; and a key that may only read can't submit", async () => {
    const transaction = signed(prepared, merchant);
    const { apiKeys } = stack.api;
    const [theirs, reader] = [await apiKeys.create('theirs', ['read', 'write']), await apiKeys.create('r', ['read'])];
    for (const body of [{ transaction }, { transaction, id: prepared.body.id }]) {
      const answer = await stack.send('POST', '/api/transactions', body, { 'x-api-key': theirs.token });
      expect(answer.body.code).toBe('not-prepared');
      expect((await stack.send('POST', '/api/transactions', body, { 'x-api-key': reader.token })).status).toBe(403);
      expect((await stack.send('POST', '/api/transactions', body)).status).toBe(401);
    }
    expect(await stored(prepared.body.id)).toMatchObject({ state: 'prepared', attempts: [] });
  });

  it('a refusal leaves it as it was: what was signed lands afterwards', async () => {
    // Prepared anew: the tests above take longer than a blockhash lives here.
    const fresh = await prepareClaim();
    const transaction = signed(fresh, merchant);
    expect((await submit(closed(opened(fresh)), { id: fresh.body.id })).status).toBe(422);
    const taken = await submit(transaction);
    expect(taken.body, JSON.stringify(taken.body)).toMatchObject({ state: 'confirmed' });
  });
});

it('X-5, I9: one that comes too late is followed until it is proven that it never lands', async () => {
  const { lastValidBlockHeight } = late.body['expires'] as { lastValidBlockHeight: number };
  await eventually(async () => (await stack.foundation.pool.chain.blockHeight('confirmed')) > lastValidBlockHeight, {
    timeoutMs: 90_000,
  });
  const transaction = signed(late, holder);
  const first = await submit(transaction, { id: late.body.id });
  expect([202, 503]).toContain(first.status);
  const answer = await eventually(
    async () => {
      const again = await submit(transaction);
      return again.status === 202 ? undefined : again;
    },
    { timeoutMs: 90_000 },
  );
  expect(answer.body).toMatchObject({ code: 'transaction-expired', transaction: late.body.id });
  expect(await stored(late.body.id)).toMatchObject({ state: 'expired' });
});
