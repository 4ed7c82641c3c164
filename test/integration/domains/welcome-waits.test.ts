import { randomUUID } from 'node:crypto';
import { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openVisit } from '../../../src/app/doctor/open-visit.js';
import { startEventWorker, type EventWorker } from '../../../src/app/event-worker.js';
import { readConfig } from '../../../src/config/env.js';
import { stakeVaultRoutesFor } from '../../../src/domains/stake-vault/routes.js';
import { retryMessage } from '../../../src/ledger/outbox.js';
import { parkCause, parkedId } from '../../../src/ledger/parked-causes.js';
import { systemClock } from '../../../src/lib/clock.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { eventually } from '../../support/eventually.js';
import { startMailServer, type MailServer } from '../../support/mail-server.js';
import { startApiStack, type ApiStack } from '../api/api-stack.js';
import { pda, stakeVaultClient, TOKEN, VaultClient } from '../programs/stake-vault-chain.js';
import { DevelopersApi, emailOf } from './developers-api.js';

/** An answer of a mail server may take ten minutes: who stops waits for none of it. Milliseconds. */
const SOON_MS = 10_000;

let mail: MailServer;
let stack: ApiStack;
let api: DevelopersApi;
let vault: VaultClient;
let wallets: Keypair[];
let mute: EventWorker | null = null;
let worker: EventWorker | null = null;
beforeAll(async () => {
  const [authority, mint] = [Keypair.generate(), Keypair.generate()];
  mail = await startMailServer();
  const address = pda.vault(authority.publicKey, mint.publicKey).toBase58();
  stack = await startApiStack({
    worker: false,
    domains: [stakeVaultRoutesFor({ vault: address })],
    // Everything that is final happened longer ago than this.
    env: { MESSAGE_MAX_AGE_MS: '1', LEASE_TERM_MS: '2000' },
  });
  api = new DevelopersApi(stack);
  const client = await stakeVaultClient(stack.chain);
  await client.createMint(6, mint);
  await stack.chain.fund(authority.publicKey, 10_000_000_000);
  vault = new VaultClient(client, authority, mint.publicKey);
  await vault.open({ minimumStake: 10n * TOKEN, cooldownSeconds: 1 });
  wallets = await client.wallets(4, mint.publicKey);
});
afterAll(async () => {
  await worker?.stop();
  await mute?.stop();
  await stack.stop();
  await mail.stop();
});

/** A worker that has no SMTP_URL, or the test's server's. */
function startWorker(smtpUrl?: string): EventWorker {
  const { foundation, proxy } = stack;
  const mailing = readConfig({ SMTP_URL: smtpUrl, MAIL_FROM: 'Vault <vault@example.com>' });
  const config = { ...foundation.config, smtpUrl: mailing.smtpUrl, mailFrom: mailing.mailFrom };
  const machine = { ...foundation.machine, holder: `worker ${randomUUID()}` };
  return startEventWorker({ ...foundation, config, machine }, { wsUrls: [proxy.wsUrl] });
}

async function doctorOf(id: string, smtpUrl?: string, vaultAddress?: string) {
  const { foundation, proxy } = stack;
  const env = {
    ...{ MONGODB_URI: inject('mongodbUri'), MONGODB_DATABASE: foundation.config.mongodbDatabase },
    ...{ SOLANA_RPC_URL: proxy.rpcUrl, SMTP_URL: smtpUrl, STAKE_VAULT_ADDRESS: vaultAddress },
  };
  const modules = foundation.modules.map(({ module }) => module);
  const visit = await openVisit({
    ...{ env, dotEnv: { state: 'absent', names: [] }, machine: foundation.machine },
    modules: async () => modules,
  });
  const finding = await visit.checks.find((check) => check.id === id)?.look();
  await visit.close();
  return finding;
}

const says = (text: string): string => expect.stringContaining(text) as string;
const lettersTo = (wallet: Keypair) => mail.received.filter(({ to }) => to.includes(emailOf(wallet)));
const register = async (wallet: Keypair) => {
  expect((await api.register(await api.registration(wallet))).status).toBe(201);
};
const isCaused = (wallet: Keypair) =>
  eventually(async () => (await api.messageOf(wallet))?.caused === true, { timeoutMs: 30_000 });

it('waits for SMTP_URL where all say so, and then goes to whoever still is to get it (001-8)', async () => {
  const [early, late, gone, last] = wallets as [Keypair, Keypair, Keypair, Keypair];
  mute = startWorker();
  await register(early);
  const { signature } = await vault.stake(early, 10n * TOKEN);
  await Promise.all([late, gone, last].map((wallet) => vault.stake(wallet, 10n * TOKEN)));
  await Promise.all([late, gone, last].map(isCaused));

  // Older than MESSAGE_MAX_AGE_MS: nothing to whoever was there already, a welcome for those who come afterwards.
  const ledger = stack.foundation.mongo.db.collection('ledger_events');
  await eventually(async () => (await ledger.findOne({ signature }))?.['commitment'] === 'finalized');
  expect(await api.messageOf(early)).toMatchObject({ state: 'waiting', caused: false, released: true });
  for (const wallet of [late, gone]) await register(wallet);
  for (const wallet of [late, gone]) expect(await api.messageOf(wallet)).toMatchObject({ state: 'due', attempts: 0 });

  // A minimum that is raised takes nothing from who staked before.
  await vault.update(20n * TOKEN, null);
  await vault.requestUnstake(gone, 10n * TOKEN);
  await eventually(async () => (await api.shown(gone))['status'] === 'inactive');
  expect(await api.shown(late)).toMatchObject({ status: 'active', stakeAmount: '10000000' });

  const { outbox } = (await stack.get('/api/status')).body;
  expect(outbox).toEqual({ waiting: 2, due: 2, failed: 0, smtpUrlSet: false });
  expect(await doctorOf('outbox.owed')).toMatchObject({
    ...{ status: 'warn', found: says('and SMTP_URL is not set'), advice: says('Set SMTP_URL') },
  });
  expect(await doctorOf('outbox.owed', mail.url)).toMatchObject({ status: 'ok', found: '2 letters owed, none late' });
  await eventually(async () =>
    (await stack.foundation.metrics.registry.metrics()).includes('mooring_outbox_messages{state="due"} 2'),
  );

  // It goes on beside one that can send.
  worker = startWorker(mail.url);
  await eventually(() => lettersTo(late).length === 1);
  await eventually(async () => ((await api.messageOf(gone))?.dueAt?.getTime() ?? 0) > systemClock.now() + 60_000);
  expect(await api.messageOf(gone)).toMatchObject({ state: 'due', attempts: 0 });
  expect(mail.begun()).toBe(1);

  // A server that reads a letter and never answers holds up nobody's end, and the letter is owed as it was.
  mail.mode = 'stall';
  await register(last);
  await eventually(() => mail.begun() === 2);
  const begunMs = systemClock.monotonic();
  await worker.stop();
  expect(systemClock.monotonic() - begunMs).toBeLessThan(SOON_MS);
  expect(await api.messageOf(last)).toMatchObject({ state: 'due', attempts: 0, error: null });
  mail.mode = 'take';
  worker = startWorker(mail.url);
  await eventually(() => lettersTo(last).length === 1);
  expect(lettersTo(early)).toHaveLength(0);
  expect(lettersTo(gone)).toHaveLength(0);

  // Parked as if its handler had thrown when it became final: the worker asks the handler again.
  const { client, db } = stack.foundation.mongo;
  const eventId = String((await ledger.findOne({ signature }))?.['_id']);
  const parked = { program: 'stake-vault', eventId };
  await inTransaction(client, (session) => parkCause(db, session, parked, 'it threw', new Date(0)));
  expect(await doctorOf('outbox.failed')).toMatchObject({ status: 'fail', found: says('1 event whose onFinalized') });
  expect(await retryMessage(db, parkedId(eventId), new Date())).toBe(true);
  await eventually(() => lettersTo(early).length === 1);
  expect(await doctorOf('outbox.failed')).toMatchObject({ status: 'ok' });
});

it('the doctor says whether STAKE_VAULT_ADDRESS is a vault (001-1, 003-17)', async () => {
  const doctor = (address: string) => doctorOf('program.vault', undefined, address);
  const at = vault.address.toBase58();
  const stake = pda.stake(vault.address, (wallets[0] as Keypair).publicKey).toBase58();
  const nothing = Keypair.generate().publicKey.toBase58();
  const program = stack.foundation.modules[0]?.codec.programId ?? '';
  expect(await doctor(at)).toMatchObject({ status: 'ok', found: `${at} is a vault` });
  expect(await doctor(stake)).toMatchObject({ status: 'fail', found: says('but no vault') });
  expect(await doctor(nothing)).toMatchObject({ status: 'fail', found: says('there is nothing at') });
  expect(await doctor(program)).toMatchObject({ status: 'fail', found: says('not of the stake vault') });
});
