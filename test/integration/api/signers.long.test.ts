import { PublicKey, sendAndConfirmTransaction, SystemProgram, Transaction, type Keypair } from '@solana/web3.js';
import type { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAlertWatch, type AlertWatch } from '../../../src/app/alert-watch.js';
import { startApi } from '../../../src/app/api-process.js';
import { couponRoutes } from '../../../src/domains/coupons/routes.js';
import { toStored } from '../../../src/lib/stored-value.js';
import type { ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import { TransactionStore } from '../../../src/transactions/transaction-store.js';
import { runScript } from '../../e2e/run-script.js';
import { eventually } from '../../support/eventually.js';
import { promotionTerms, startApiStack, type ApiStack } from './api-stack.js';

const LONG = { timeoutMs: 30_000 };

let stack: ApiStack;
let watch: AlertWatch;
let address: string;
beforeAll(async () => {
  stack = await startApiStack({
    signers: 2,
    env: {
      ...{ LEASE_TERM_MS: '1000', ALERT_CHECK_INTERVAL_MS: '200', ALERT_HOLD_MS: '100' },
      ...{ ALERT_UNRESOLVED_MS: '2000', ALERT_SIGNER_LAMPORTS: '50000000' },
    },
  });
  [address = ''] = stack.addresses;
  watch = startAlertWatch(stack.foundation);
  expect((await stack.post('/api/merchants', { name: 'Shop', category: 'coffee' })).status).toBe(201);
});
afterAll(async () => {
  await watch.stop();
  await stack.stop();
});

const auth = () => ({ authorization: `Bearer ${stack.token}` });
const signer = async () => (await stack.get(`/api/signers/${address}`, auth())).body;
const db = () => stack.foundation.mongo.db;
const fires = (id: string) => async () =>
  (await db().collection<{ _id: string }>('alerts').countDocuments({ _id: id, state: 'firing' })) === 1;

async function run(script: string, ...args: string[]) {
  const { code, stdout, stderr, lastLine } = await runScript(script, ['--json', ...args], {
    ...{ MONGODB_URI: stack.databaseUri, MONGODB_DATABASE: db().databaseName, LEASE_TERM_MS: '1000' },
    SOLANA_RPC_URL: stack.chain.rpcUrl,
  });
  expect(lastLine, `${args.join(' ')}: ${code} ${stderr}`).not.toBe('');
  return { code, stdout, json: JSON.parse(lastLine) as Readonly<Record<string, unknown>> };
}

/** Asks for a promotion and goes away once it is stored: its id. Nobody is left that the API would wait for at its end. */
async function askFor(key: string): Promise<string> {
  const gone = new AbortController();
  void fetch(`${stack.api.url}/api/promotions`, {
    ...{ method: 'POST', body: JSON.stringify(promotionTerms()), signal: gone.signal },
    headers: { ...auth(), 'content-type': 'application/json', 'idempotency-key': key },
  }).catch(() => undefined);
  const id = await eventually(async () => {
    const [newest] = (await stack.get('/api/transactions?limit=1', auth())).body.items;
    return newest?.id.endsWith(`:${key}`) ? newest.id : undefined;
  }, LONG);
  gone.abort();
  return id;
}

it('shows every signer, pauses it, and cancels what waits, over HTTP and by the commands (004-6.1, 004-6.3)', async () => {
  const listed = await stack.get('/api/signers', auth());
  expect(listed.body.items.map((one) => one.address)).toEqual([...stack.addresses, 'wallets'].sort());
  expect(listed.text).not.toContain('mongodb');
  const { holder } = stack.foundation.machine;
  expect(await signer()).toMatchObject({
    ...{ address, lease: { holder, isAlive: true }, node: holder, servedBy: [holder], paused: null, troubled: [] },
    balance: { lamports: expect.stringMatching(/^\d+$/) as string, slot: expect.any(Number) as number },
    lastLanded: { command: 'MerchantController.register' },
  });
  expect(await stack.get('/api/signers/nobody', auth())).toMatchObject({ status: 404 });
  expect(await stack.post(`/api/signers/${address}/pause`, {})).toMatchObject({ status: 400 });
  expect(await stack.send('POST', `/api/signers/${address}/pause`, { reason: 'x' })).toMatchObject({ status: 401 });

  const paused = await run('signers', 'pause', address, '--reason', 'key rotation');
  expect(paused).toMatchObject({ code: 0, json: { address, paused: true } });
  const [first, second] = [await askFor('first'), await askFor('second')];
  expect(await signer()).toMatchObject({ paused: { reason: 'key rotation' }, requests: { pending: 2 } });
  expect(await run('transactions', 'cancel', first)).toMatchObject({ code: 0, json: { state: 'cancelled' } });
  const over = await stack.post(`/api/transactions/${encodeURIComponent(second)}/cancel`);
  expect(over).toMatchObject({ status: 200, body: { outcome: 'done', state: 'cancelled' } });
  const again = await stack.post(`/api/transactions/${encodeURIComponent(second)}/cancel`);
  expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
  const other = await stack.api.apiKeys.create('other', ['write']);
  const theirs = { authorization: `Bearer ${other.token}` };
  expect(await stack.post(`/api/transactions/${encodeURIComponent(first)}/cancel`, {}, theirs)).toMatchObject({
    status: 404,
  });
  expect((await stack.get('/api/transactions', theirs)).body.items).toEqual([]);

  const resumed = await stack.post(`/api/signers/${address}/resume`);
  expect(resumed).toMatchObject({ status: 200, body: { paused: null } });
  expect(await run('signers', 'resume', address)).toMatchObject({ code: 1, json: { changed: false } });

  const page = await stack.get('/api/transactions?state=cancelled&limit=1', auth());
  expect(page.body.items).toMatchObject([{ id: second, signer: address }]);
  const next = await stack.get(
    `/api/transactions?state=cancelled&limit=1&cursor=${String(page.body.nextCursor)}`,
    auth(),
  );
  expect(next.body).toMatchObject({ items: [{ id: first }], nextCursor: null });
  expect(await stack.get('/api/transactions?state=odd', auth())).toMatchObject({ status: 400 });
  expect(await stack.get('/api/transactions')).toMatchObject({ status: 401 });
});

it('what was signed is neither cancelled nor bumped, is offered again, and alarms while it waits (004-6.1, 004-6.2, I9)', async () => {
  const refuse = stack.proxy.onRpc('sendTransaction', () => ({ error: { code: -32_005, message: 'behind' } }));
  const id = await askFor('mute');
  const store = new TransactionStore(db());
  await eventually(async () => ((await store.find(id))?.attempts[0]?.sends ?? 0) > 0, LONG);
  expect(await signer()).toMatchObject({ troubled: [{ id, trouble: expect.stringContaining('behind') as string }] });
  const [shown, cancel, bump] = await Promise.all([
    run('transactions', 'show', id),
    run('transactions', 'cancel', id),
    stack.post(`/api/transactions/${encodeURIComponent(id)}/bump`),
  ]);
  expect(shown).toMatchObject({ code: 0, json: { id, signer: address, state: 'sent' } });
  expect(shown.stdout).not.toContain('wire');
  expect(cancel).toMatchObject({ code: 1, json: { outcome: 'not-done', state: 'sent' } });
  expect(cancel.stdout).toContain('cannot be taken back');
  expect(bump).toMatchObject({ status: 409, body: { detail: expect.stringContaining('effect twice') as string } });
  const resubmitted = await stack.post(`/api/transactions/${encodeURIComponent(id)}/resubmit`);
  expect(resubmitted).toMatchObject({ status: 200, body: { outcome: 'done' } });
  await eventually(fires(`transactions-unresolved/${address}`), LONG);
  refuse();
  await eventually(async () => /^(confirmed|finalized)$/.test((await store.find(id))?.state ?? ''), LONG);
  await eventually(async () => !(await fires(`transactions-unresolved/${address}`)()), LONG);
  const metrics = (await stack.get('/metrics')).text;
  expect(metrics).toContain(`mooring_signer_lease_held{signer="${address}"} 1`);
  expect(metrics).toMatch(/mooring_transaction_sends_total\{command="PromotionController.create"\} \d+/);
});

it('a signer that is drained, and one whose process ends with work left, alarm; who comes gives back what was held in vain (004-2.2, 004-6.2)', async () => {
  const drained = stack.signers[1] as Keypair;
  const { connection } = stack.chain;
  const lamports = (await connection.getBalance(drained.publicKey)) - 1_000_000;
  const away = SystemProgram.transfer({
    ...{ fromPubkey: drained.publicKey, toPubkey: new PublicKey(address), lamports },
  });
  await sendAndConfirmTransaction(connection, new Transaction().add(away), [drained], { commitment: 'confirmed' });
  await eventually(fires(`signer-balance/${drained.publicKey.toBase58()}`), LONG);

  await run('signers', 'pause', address, '--reason', 'test');
  const waiting = await askFor('left');
  expect(await fires(`signer-unheld/${address}`)()).toBe(false);
  // Nobody follows it any more once the API has ended.
  const landed = await eventually(async () => {
    const found = await db()
      .collection('managed_transactions')
      .findOne({ state: 'finalized', counter: { $ne: null } });
    return (found ?? undefined) as (mongo.Document & { counter: string }) | undefined;
  }, LONG);
  await stack.api.stop();
  await eventually(fires(`signer-unheld/${address}`), LONG);
  expect(await run('signers', 'show', address)).toMatchObject({
    ...{ code: 0, json: { lease: { holder: null }, node: null, servedBy: [], requests: { pending: 1 } } },
  });
  expect(await run('transactions', 'cancel', waiting, '--wait', '0')).toMatchObject({
    ...{ code: 1, json: { outcome: 'waiting', state: 'pending' } },
  });

  // Somebody edited the database: the number of a request that had no effect was lost, another one's is free.
  const store = new TransactionStore(db());
  const id = landed.counter;
  const [row] = await store.readCounters([id]);
  const next = row?.next ?? 0n;
  const taken = (await store.find(String(landed['_id'])))?.allocation?.index ?? -1n;
  await db()
    .collection<mongo.Document & { _id: string }>('index_counters')
    .updateOne({ _id: id }, { $set: { next: toStored(next + 1n), free: [toStored(taken)] } });
  const base = await store.find(waiting);
  const lost = { ...base, id: 'gone:1', state: 'cancelled', fence: 1, counter: id, wish: null };
  await store.insertMany([{ ...lost, allocation: { counter: id, index: next } } as ManagedTransaction]);

  const successor = await startApi(stack.foundation, [couponRoutes]);
  try {
    await eventually(async () => {
      const [repaired] = await store.readCounters([id]);
      return repaired?.next === next + 1n && repaired.free.length === 1 && repaired.free[0] === next;
    }, LONG);
    expect((await store.find('gone:1'))?.allocation).toBeNull();
    await eventually(async () => (await store.find(waiting))?.state === 'cancelled', LONG);
    await eventually(async () => !(await fires(`signer-unheld/${address}`)()), LONG);
  } finally {
    await successor.stop();
  }
});
