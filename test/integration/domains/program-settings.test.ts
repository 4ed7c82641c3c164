import type { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAlertWatch } from '../../../src/app/alert-watch.js';
import { CouponsClient } from '../../../src/dev/coupons-client.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { stakeVault } from '../../../src/domains/stake-vault/module.js';
import { readListenerStatus } from '../../../src/ledger/listener-status.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { eventually } from '../../support/eventually.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase } from '../../support/test-database.js';
import { startWorker, type RunningWorker } from '../core/running-worker.js';
import { stakeVaultClient, TOKEN, VaultClient } from '../programs/stake-vault-chain.js';

const CONFIRMATIONS = { coupons: 5, stakeVault: 60 };
const PAGE = 3;
const RETRY = { attempts: 3, firstMs: 300, jitter: 0.2 };
/** Fewer than a failing event makes, and not the five of the default. */
const ALARMING_ERRORS = 2;

let chain: TestChain;
let proxy: FaultProxy;
let worker: RunningWorker;
let vault: VaultClient;
let owners: [Keypair, Keypair];
/** Of each list of signatures that was asked for, in turn. */
let listed: { readonly address: string; readonly limit: number }[];
/** When the broken handler was called, by its event's id; monotonic milliseconds. */
const calls = new Map<string, number[]>();
let isBroken = false;

/** The stake vault, with handlers that throw while they are asked to. */
const breakable: DomainModule = {
  ...stakeVault,
  events: Object.fromEntries(
    Object.entries(stakeVault.events).map(([name, handler]) => [
      name,
      (event) => {
        if (!isBroken) return handler(event);
        calls.set(event.id, [...(calls.get(event.id) ?? []), clock.monotonic()]);
        throw new Error('the handler fails');
      },
    ]),
  ),
};

const STAKES = stakeVault.program.address;
const COUPONS = coupons.program.address;

beforeAll(async () => {
  chain = await createTestChain({ programs: ['coupons', 'stake-vault'] });
  proxy = await startFaultProxy({ rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl });
  listed = [];
  proxy.onRpc('getSignaturesForAddress', ({ params }, forward) => {
    const [address, { limit }] = params as [string, { limit: number }];
    listed.push({ address, limit });
    return forward();
  });
  const client = await stakeVaultClient(chain);
  const mint = await client.createMint();
  const [authority] = await chain.fundedKeypairs(1);
  vault = new VaultClient(client, authority as Keypair, mint);
  owners = (await client.wallets(2, mint)) as [Keypair, Keypair];
  await vault.open({ minimumStake: TOKEN });
  worker = await follow({
    COUPONS_CONFIRMATIONS: String(CONFIRMATIONS.coupons),
    STAKE_VAULT_CONFIRMATIONS: String(CONFIRMATIONS.stakeVault),
    STAKE_VAULT_HISTORY_PAGE_SIZE: String(PAGE),
    STAKE_VAULT_HANDLER_ATTEMPTS: String(RETRY.attempts),
    STAKE_VAULT_HANDLER_BACKOFF_MS: String(RETRY.firstMs),
    STAKE_VAULT_ALERT_CHECK_INTERVAL_MS: '100',
    STAKE_VAULT_ALERT_ON_ERROR_COUNT: String(ALARMING_ERRORS),
  });
});
afterAll(async () => {
  await worker.stop();
  await proxy.stop();
  await chain.stop();
});

async function follow(env: Readonly<Record<string, string>>): Promise<RunningWorker> {
  return startWorker(proxy, await createTestDatabase(), [coupons, breakable], { START_SLOT: chain.startSlot, ...env });
}

it('two programs in one worker wait for their own confirmations each (001-3)', async () => {
  const [merchant] = await chain.fundedKeypairs(1);
  const applied: { readonly signature: string; readonly slot: number; readonly head: Promise<number> }[] = [];
  worker.worker.announcer.on('event', ({ signature, slot }: { signature: string; slot: number }) => {
    applied.push({ signature, slot, head: chain.connection.getSlot('confirmed') });
  });
  const [{ signature: staked }, { signature: registered }] = await Promise.all([
    vault.stake(owners[0], 5n * TOKEN),
    new CouponsClient(chain.rpcUrl, chain.wsUrl).registerMerchant(merchant as Keypair, 'Patient Coffee'),
  ]);
  const stake = await eventually(() => applied.find(({ signature }) => signature === staked));
  const merchantOpened = applied.find(({ signature }) => signature === registered);
  // They happened at the same time: the one that waits for less is not held up by the other.
  if (!merchantOpened) throw new Error('the merchant waited for the confirmations of the stake');
  expect((await merchantOpened.head) - merchantOpened.slot).toBeGreaterThanOrEqual(CONFIRMATIONS.coupons);
  expect((await stake.head) - stake.slot).toBeGreaterThanOrEqual(CONFIRMATIONS.stakeVault);
  const { db } = worker.foundation.mongo;
  await eventually(async () => {
    expect(await readListenerStatus(db, 'coupons')).toMatchObject({ confirmations: CONFIRMATIONS.coupons });
    expect(await readListenerStatus(db, 'stake-vault')).toMatchObject({ confirmations: CONFIRMATIONS.stakeVault });
    return true;
  });
});

it('a failing handler is retried as often and as late as its program says, and alarms by its own count and interval', async () => {
  const watch = startAlertWatch(worker.foundation);
  const alerts = worker.foundation.mongo.db.collection<{ _id: string }>('alerts');
  try {
    // The watch has looked once: by the interval of all programs it would look again in half a minute.
    await eventually(
      async () => (await worker.foundation.mongo.db.collection('leases').findOne({ _id: 'alerts' as never })) !== null,
    );
    isBroken = true;
    const { signature } = await vault.stake(owners[1], 5n * TOKEN);
    const alert = await eventually(
      async () => (await alerts.findOne({ _id: 'handler-errors/stake-vault' })) ?? undefined,
    );
    expect(alert).toMatchObject({ state: 'firing', details: { limit: ALARMING_ERRORS } });
    const dead = await eventually(async () => (await worker.records({ signature, state: 'dead' }))[0]);
    expect(dead.attempts).toBe(RETRY.attempts);
    // Before them it was called once to look whether the event can be applied at once.
    const at = (calls.get(dead._id) ?? []).slice(-RETRY.attempts);
    expect(at).toHaveLength(RETRY.attempts);
    const waits = at.slice(1).map((ms, retry) => ms - (at[retry] ?? 0));
    waits.forEach((ms, retry) => expect(ms).toBeGreaterThanOrEqual(RETRY.firstMs * 2 ** retry * (1 - RETRY.jitter)));
  } finally {
    isBroken = false;
    await watch.stop();
  }
});

it('history is listed in pages of the size that its program says', async () => {
  await eventually(() => [STAKES, COUPONS].every((program) => listed.some(({ address }) => address === program)));
  const limits = (program: string) =>
    new Set(listed.filter(({ address }) => address === program).map(({ limit }) => limit));
  expect(limits(STAKES)).toEqual(new Set([PAGE]));
  expect(limits(COUPONS)).toEqual(new Set([1_000]));
});

it('a program is polled as often as it says (001-2)', async () => {
  await worker.stop();
  worker = await follow({
    ...{ SOURCE: 'polling', POLLING_INTERVAL_MS: '3600000', STAKE_VAULT_POLLING_INTERVAL_MS: '100' },
    // The sweeps at the start, and no more.
    SWEEP_INTERVAL_MS: '3600000',
  });
  listed = [];
  await eventually(() => {
    const lastOfOther = listed.findLastIndex(({ address }) => address === COUPONS);
    return listed.length - 1 - lastOfOther >= 5;
  });
  expect(listed.at(-1)).toEqual({ address: STAKES, limit: 1_000 });
});
