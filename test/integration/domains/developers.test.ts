import { randomUUID } from 'node:crypto';
import { Keypair } from '@solana/web3.js';
import bs58 from 'bs58';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ForkLies } from '../../../scripts/drill/fork-lies.js';
import { startEventWorker } from '../../../src/app/event-worker.js';
import { runReconcile } from '../../../src/app/run-reconcile.js';
import { stakeVaultRoutesFor } from '../../../src/domains/stake-vault/routes.js';
import { readReplay, requestReplay } from '../../../src/ledger/replay-request.js';
import { outbox } from '../../../src/ledger/outbox.js';
import { eventually } from '../../support/eventually.js';
import { startMailServer, type MailServer } from '../../support/mail-server.js';
import { startApiStack, type ApiStack } from '../api/api-stack.js';
import { pda, stakeVaultClient, TOKEN, VaultClient } from '../programs/stake-vault-chain.js';
import { DevelopersApi, emailOf, nameOf, signed } from './developers-api.js';

let mail: MailServer;
let stack: ApiStack;
let api: DevelopersApi;
let vault: VaultClient;
let other: VaultClient;
const lies = new ForkLies();
let newWallet: () => Promise<Keypair>;
beforeAll(async () => {
  const [authority, mint] = [Keypair.generate(), Keypair.generate()];
  mail = await startMailServer();
  const address = pda.vault(authority.publicKey, mint.publicKey).toBase58();
  stack = await startApiStack({
    domains: [stakeVaultRoutesFor({ vault: address })],
    env: { SMTP_URL: mail.url, MAIL_FROM: 'Vault <vault@example.com>' },
  });
  api = new DevelopersApi(stack);
  for (const method of ForkLies.METHODS) {
    stack.proxy.onRpc(method, (request, forward) =>
      lies.answer(method, request.params, (asked, params) =>
        forward({ ...request, method: asked, params: params as unknown[] }),
      ),
    );
  }
  const client = await stakeVaultClient(stack.chain);
  await client.createMint(6, mint);
  await stack.chain.fund(authority.publicKey, 10_000_000_000);
  vault = new VaultClient(client, authority, mint.publicKey);
  await vault.open({ minimumStake: 10n * TOKEN, cooldownSeconds: 1 });
  other = new VaultClient(client, authority, await client.createMint());
  await other.open();
  newWallet = async () => (await client.wallets(1, mint.publicKey))[0] as Keypair;
  await client.fill([authority], other.mint);
});
afterAll(async () => {
  await stack.stop();
  await mail.stop();
});

const challengeOf = (...args: Parameters<DevelopersApi['challengeOf']>) => api.challengeOf(...args);
const registration = (...args: Parameters<DevelopersApi['registration']>) => api.registration(...args);
const register = (body: object) => api.register(body);
const shown = (wallet: Keypair) => api.shown(wallet);
const lettersTo = (wallet: Keypair) => mail.received.filter(({ to }) => to.includes(emailOf(wallet)));
const messageOf = (wallet: Keypair) => api.messageOf(wallet);
const shows = (wallet: Keypair, what: object) =>
  eventually(
    async () => {
      expect(await shown(wallet)).toMatchObject(what);
      return true;
    },
    { timeoutMs: 30_000 },
  );

describe('a developer (001-1, 001-8)', () => {
  it('registers, stakes, and is welcomed once the stake is final', async () => {
    const wallet = await newWallet();
    const answer = await register(await registration(wallet));
    expect(answer).toMatchObject({
      status: 201,
      body: { status: 'pending', stakeAmount: '0', email: emailOf(wallet) },
    });
    await vault.stake(wallet, 30n * TOKEN);
    await shows(wallet, { registered: true, name: 'Ada', status: 'active', stakeAmount: '30000000' });
    const [letter] = await eventually(() => lettersTo(wallet).length > 0 && lettersTo(wallet), { timeoutMs: 30_000 });
    expect(letter?.messageId).toBe(`<welcome-developer.${nameOf(wallet)}@example.com>`);
    expect(letter?.raw).toContain('your stake of 30 is final');
    await vault.stake(wallet, 10n * TOKEN);
    await vault.requestUnstake(wallet, 40n * TOKEN);
    await shows(wallet, { status: 'inactive', stakeAmount: '0' });
    await vault.stake(wallet, 10n * TOKEN);
    await shows(wallet, { status: 'active', stakeAmount: '10000000' });
    await eventually(async () => {
      const open = { signature: { $ne: '' }, commitment: { $ne: 'finalized' } };
      return (await stack.foundation.mongo.db.collection('ledger_events').countDocuments(open)) === 0;
    });
    expect(await messageOf(wallet)).toMatchObject({ state: 'sent', attempts: 1 });
    expect(lettersTo(wallet)).toHaveLength(1);
    // Personal, and so in no read.
    const list = await stack.get('/api/developers');
    expect(list.text).toContain(nameOf(wallet));
    expect(list.text).not.toContain(emailOf(wallet));
    expect(JSON.stringify(await shown(wallet))).not.toContain('@example.com');
  });

  it('whose stake came first is kept without a registration, and welcomed by it', async () => {
    const wallet = await newWallet();
    await vault.stake(wallet, 15n * TOKEN);
    await eventually(async () => (await messageOf(wallet)) !== null, { timeoutMs: 30_000 });
    expect(await messageOf(wallet)).toMatchObject({ state: 'waiting', caused: true, released: false });
    expect(await shown(wallet)).toMatchObject({ registered: false, status: 'active', stakeAmount: '15000000' });
    expect((await stack.get('/api/developers')).text).not.toContain(nameOf(wallet));
    const answer = await register(await registration(wallet));
    expect(answer).toMatchObject({ status: 201, body: { status: 'active', stakeAmount: '15000000' } });
    await eventually(() => lettersTo(wallet).length === 1);
  });

  it('whose stake was final before the vault was set is welcomed by the registration (001-8)', async () => {
    const wallet = await newWallet();
    await vault.stake(wallet, 15n * TOKEN);
    await eventually(async () => (await messageOf(wallet)) !== null, { timeoutMs: 30_000 });
    // As if nobody had asked what this event causes when it became final.
    await outbox(stack.foundation.mongo.db).deleteOne({ key: nameOf(wallet) });
    expect((await register(await registration(wallet))).status).toBe(201);
    await eventually(() => lettersTo(wallet).length === 1);
  });

  it('is told of no more than what is final, and nothing that whoever registered chose (I7)', async () => {
    const { modules, mongo } = stack.foundation;
    const wallet = await newWallet();
    expect((await register(await registration(wallet, { name: 'Call 555 for tokens' }))).status).toBe(201);
    await vault.stake(wallet, 10n * TOKEN);
    await eventually(() => lettersTo(wallet).length === 1, { timeoutMs: 30_000 });
    const { signature } = await vault.stake(wallet, 500n * TOKEN);
    await shows(wallet, { stakeAmount: '510000000' });
    const letter = await modules[0]?.module.letters['welcome-developer']?.(mongo.db, nameOf(wallet));
    expect(await mongo.db.collection('ledger_events').findOne({ signature })).toMatchObject({
      commitment: 'confirmed',
    });
    expect(letter?.text).toContain('your stake of 10 is final');
    expect(letter?.text).not.toContain('Call');
  });

  it('who corrects an address that was refused is welcomed there (001-8)', async () => {
    const wallet = await newWallet();
    mail.mode = 'refuse';
    expect((await register(await registration(wallet, { email: 'typo@example.com' }))).status).toBe(201);
    await vault.stake(wallet, 20n * TOKEN);
    await eventually(async () => (await messageOf(wallet))?.state === 'failed', { timeoutMs: 30_000 });
    mail.mode = 'take';
    expect((await register(await registration(wallet, { name: 'Grace', email: 'typo@example.com' }))).status).toBe(201);
    expect(await messageOf(wallet)).toMatchObject({ state: 'failed' });
    expect((await register(await registration(wallet))).status).toBe(201);
    await eventually(() => lettersTo(wallet).length === 1);
  });

  it('whose used registration is sent again is not shown what was registered later', async () => {
    const wallet = await newWallet();
    const first = await registration(wallet);
    expect((await register(first)).status).toBe(201);
    expect((await register(await registration(wallet, { email: 'new@example.com' }))).status).toBe(201);
    const again = await register(first);
    expect(again).toMatchObject({ status: 409, body: { code: 'challenge-not-open' } });
    expect(again.text).not.toContain('new@example.com');
  });

  it('is none by a stake in another vault', async () => {
    await other.stake(other.authority, 20n * TOKEN);
    await eventually(async () =>
      stack.foundation.mongo.db.collection('stakes').findOne({ vault: other.address.toBase58() }),
    );
    expect(await stack.get(`/api/developers/${nameOf(other.authority)}`)).toMatchObject({
      status: 404,
      body: { detail: `Nothing is known here of ${nameOf(other.authority)}.` },
    });
  });

  it('proves the wallet: every other answer to a challenge is refused and says what to do', async () => {
    const [wallet, thief] = [await newWallet(), await newWallet()];
    const body = await registration(wallet);
    const { challenge } = await challengeOf(thief);
    const stolen = bs58.encode(signed(thief, challenge));
    expect((await register({ ...body, signature: stolen })).body).toMatchObject({ code: 'signature-invalid' });
    expect((await register({ ...body, wallet: nameOf(thief) })).body).toMatchObject({ code: 'challenge-not-open' });
    expect((await register({ ...body, nonce: 'unknown' })).body).toMatchObject({ code: 'challenge-not-open' });
    for (const wrong of [{ email: 'a@b.c\r\nBcc: x@y.z' }, { name: 'Ada\r\nBcc: x@y.z' }, { wallet: 'x' }]) {
      expect(await register({ ...body, ...wrong })).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    }
    expect((await register(body)).status).toBe(201);
    // The answer was lost: the same request again is the same registration.
    expect((await register(body)).status).toBe(201);
    const base64 = await challengeOf(wallet, { name: 'Grace' });
    const signature = signed(wallet, base64.challenge).toString('base64');
    const renamed = { ...body, nonce: base64.nonce, signature, name: 'Grace' };
    expect(await register(renamed)).toMatchObject({ status: 201, body: { name: 'Grace' } });
    const late = await registration(wallet);
    await stack.foundation.mongo.db
      .collection<{ _id: string }>('developer_challenges')
      .updateOne({ _id: late.nonce }, { $set: { expiresAt: new Date(0) } });
    expect((await register(late)).body).toMatchObject({ code: 'challenge-not-open' });
  });

  it('signs name and e-mail address: a signature registers nobody else', async () => {
    const wallet = await newWallet();
    const { challenge, nonce } = await challengeOf(wallet);
    expect(challenge.split('\n').slice(1, 4)).toEqual([
      'Name: Ada',
      `E-mail: ${emailOf(wallet)}`,
      `Wallet: ${nameOf(wallet)}`,
    ]);
    const body = await registration(wallet);
    for (const other of [{ name: 'Eve' }, { email: 'eve@example.com' }]) {
      expect((await register({ ...body, ...other })).body).toMatchObject({
        ...{ code: 'challenge-not-open', detail: expect.stringContaining('another name or e-mail') as string },
      });
      // The signature of one text is none of another.
      const theirs = await challengeOf(wallet, other);
      expect((await register({ ...body, ...other, nonce: theirs.nonce })).body).toMatchObject({
        code: 'signature-invalid',
      });
    }
    expect((await shown(wallet)) ?? {}).not.toMatchObject({ registered: true });
    const answer = await register({ ...body, nonce, signature: bs58.encode(signed(wallet, challenge)) });
    expect(answer).toMatchObject({ status: 201, body: { name: 'Ada', email: emailOf(wallet) } });
    for (const wrong of [{ name: 'Ada\nWallet: x' }, { email: 'no address' }]) {
      const refused = { wallet: nameOf(wallet), name: 'Ada', email: 'a@example.com', ...wrong };
      expect((await stack.send('POST', '/api/developers/challenge', refused)).status).toBe(400);
    }
  });

  it('has the stake and one welcome, whichever of stake and registration is faster (I3)', async () => {
    const wallets = await Promise.all(Array.from({ length: 8 }, newWallet));
    const bodies = await Promise.all(wallets.map((wallet) => registration(wallet)));
    const stakes = wallets.map((wallet) => vault.stake(wallet, 10n * TOKEN));
    // Some while the stakes are being made final, the rest in the middle of it.
    await Promise.all(bodies.slice(0, 4).map(register));
    await Promise.all(stakes);
    const answers = await Promise.all(bodies.map(register));
    expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 201));
    for (const wallet of wallets) {
      await shows(wallet, { status: 'active', stakeAmount: '10000000' });
      await eventually(() => lettersTo(wallet).length === 1, { timeoutMs: 30_000 });
    }
  });

  it('is welcomed once although two workers run (001-8)', async () => {
    const { foundation, proxy } = stack;
    const machine = { ...foundation.machine, holder: `second ${randomUUID()}` };
    const second = startEventWorker({ ...foundation, machine }, { wsUrls: [proxy.wsUrl] });
    try {
      const wallets = await Promise.all(Array.from({ length: 6 }, newWallet));
      for (const wallet of wallets) expect((await register(await registration(wallet))).status).toBe(201);
      await Promise.all(wallets.map((wallet) => vault.stake(wallet, 10n * TOKEN)));
      const sent = { state: 'sent', key: { $in: wallets.map(nameOf) } } as const;
      await eventually(async () => (await outbox(foundation.mongo.db).countDocuments(sent)) === wallets.length, {
        timeoutMs: 30_000,
      });
      expect(wallets.map((wallet) => lettersTo(wallet).length)).toEqual(wallets.map(() => 1));
    } finally {
      await second.stop();
    }
  });

  it('is what it was before a stake that a fork drops, and is not welcomed by it (I7)', async () => {
    const { db } = stack.foundation.mongo;
    const [wallet, after] = [await newWallet(), await newWallet()];
    for (const one of [wallet, after]) expect((await register(await registration(one))).status).toBe(201);
    const { signature } = await vault.stake(wallet, 25n * TOKEN);
    const record = await eventually(async () => (await db.collection('ledger_events').findOne({ signature })) ?? false);
    lies.vanish(signature, Number(record['slot']));
    // Before it is applied it shows the same as after it is dropped.
    await eventually(
      async () => (await db.collection('ledger_events').findOne({ signature }))?.['state'] === 'orphaned',
      { timeoutMs: 30_000 },
    );
    await shows(wallet, { registered: true, status: 'pending', stakeAmount: '0', stakedAt: null });
    // Whoever staked later has their welcome: the outbox has been through all that was before.
    await vault.stake(after, 10n * TOKEN);
    await eventually(() => lettersTo(after).length === 1, { timeoutMs: 30_000 });
    expect(await messageOf(wallet)).toMatchObject({ state: 'waiting', caused: false });
    expect(lettersTo(wallet)).toHaveLength(0);
  });

  it('keeps registration and stake through a replay, in place and as a shadow, and hears nothing of it', async () => {
    const { db } = stack.foundation.mongo;
    const all = async () => (await stack.get('/api/developers?limit=200')).body.items;
    const before = { shown: await all(), messages: await outbox(db).find().sort({ _id: 1 }).toArray() };
    expect(before.shown.length).toBeGreaterThan(15);
    const letters = mail.received.length;
    for (const shadow of [false, true]) {
      const wanted = { id: randomUUID(), program: 'stake-vault', version: 1, fromSlot: null, total: 0, shadow };
      await requestReplay(db, wanted, new Date());
      await eventually(async () => (await readReplay(db, 'stake-vault'))?.state === 'done', { timeoutMs: 60_000 });
      expect(await all()).toEqual(before.shown);
    }
    expect(await outbox(db).find().sort({ _id: 1 }).toArray()).toEqual(before.messages);
    expect(mail.received).toHaveLength(letters);
  });

  it('keeps registration and welcome when everything of the chain is rebuilt by reconcile alone', async () => {
    const { mongo, modules } = stack.foundation;
    const before = await mongo.db.collection('developers').find().sort({ _id: 1 }).toArray();
    const letters = mail.received.length;
    for (const name of ['vaults', 'stakes', 'stake_movements', 'ledger_events']) {
      await mongo.db.collection(name).deleteMany({});
    }
    const [run] = await runReconcile(stack.foundation, modules, { scope: 'everything' });
    expect(run).toMatchObject({ state: 'done', counts: { left: 0 } });
    expect(await mongo.db.collection('developers').find().sort({ _id: 1 }).toArray()).toEqual(before);
    const list = (await stack.get('/api/developers?limit=200')).body.items;
    expect(list.filter(({ status }) => status === 'active').length).toBeGreaterThanOrEqual(10);
    await eventually(async () => {
      const open = { signature: { $ne: '' }, commitment: { $ne: 'finalized' } };
      return (await mongo.db.collection('ledger_events').countDocuments(open)) === 0;
    });
    expect(await outbox(mongo.db).countDocuments({ state: 'due' })).toBe(0);
    expect(mail.received).toHaveLength(letters);
  });
});
