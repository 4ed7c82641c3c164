import type { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAlertWatch, type AlertWatch } from '../../../src/app/alert-watch.js';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import { CouponsClient } from '../../../src/dev/coupons-client.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import { listDeadItems } from '../../../src/ledger/dead-items.js';
import { readListenerStatus } from '../../../src/ledger/listener-status.js';
import { reviveDead } from '../../../src/ledger/mark-records.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { startWorker, type RunningWorker } from '../core/running-worker.js';
import { startReceivers, type AlertReceivers } from './alert-receivers.js';
import { startWatching, type WatchingProcess } from './start-watching.js';

const HOLD_MS = 300;
/** 8 s of the test's chain: what a busy machine takes for a sweep is no lag. */
const MAX_LAG_SLOTS = 160;
const LONG = { timeoutMs: 60_000, everyMs: 50 };
/** Less than what a receiver that hangs is waited for (10 s), more than a busy machine takes to stop. */
const STOPS_WITHIN_MS = 7_000;
const CHANNELS = ['webhook', 'slack', 'email'] as const;
type Channel = (typeof CHANNELS)[number];
type Heard = Readonly<Record<Channel, readonly string[]>>;

/** A process that watches: with a pool and a database connection of its own. */
interface Watcher {
  readonly foundation: Foundation;
  watch: AlertWatch;
}

let chain: TestChain;
let proxy: FaultProxy;
let database: TestDatabase;
let receivers: AlertReceivers;
let worker: RunningWorker;
let watchers: Watcher[];
/** Processes of their own, to be killed: the second one stops itself where it would store that the listener stopped. */
let killed: WatchingProcess;
let frozen: WatchingProcess;
let isBroken = false;
let client: CouponsClient;
let merchants: Keypair[];

/** The coupons, with handlers that throw while they are asked to. */
const breakable: DomainModule = {
  ...coupons,
  events: Object.fromEntries(
    Object.entries(coupons.events).map(([name, handler]) => [
      name,
      (event) => {
        if (isBroken) throw new Error('the handler fails');
        return handler(event);
      },
    ]),
  ),
};

beforeAll(async () => {
  [chain, database, receivers] = await Promise.all([
    createTestChain({ programs: ['coupons'] }),
    createTestDatabase(),
    startReceivers(),
  ]);
  proxy = await startFaultProxy({ rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl });
  client = new CouponsClient(chain.rpcUrl, chain.wsUrl);
  merchants = await chain.fundedKeypairs(20);
  [killed, frozen, worker, ...watchers] = await Promise.all([
    startWatching(settings(), endpoints()),
    startWatching(settings(), endpoints(), 'listener-stopped/coupons'),
    follow(),
    watcherOf(breakable),
    watcherOf(breakable),
  ]);
});
afterAll(async () => {
  proxy.heal();
  for (const child of [killed, frozen]) child.kill('SIGKILL');
  await stopWatching();
  for (const { foundation } of watchers) await foundation.close();
  await worker.stop();
  await receivers.stop();
  await proxy.stop();
  await chain.stop();
});

function follow(): Promise<RunningWorker> {
  return startWorker(proxy, { ...database, drop: () => Promise.resolve() }, [breakable], {
    START_SLOT: chain.startSlot,
    MAX_LAG_SLOTS: String(MAX_LAG_SLOTS),
  });
}

const endpoints = () => ({ rpcUrls: [proxy.rpcUrl], wsUrls: [proxy.wsUrl], mongodbUri: database.uri });

const settings = () => ({
  ...{ MONGODB_DATABASE: database.name, LOG_LEVEL: 'silent', LEASE_TERM_MS: '2000' },
  ...{ ALERT_CHECK_INTERVAL_MS: '100', ALERT_HOLD_MS: String(HOLD_MS), MAX_LAG_SLOTS: String(MAX_LAG_SLOTS) },
  ...{ ALERT_WEBHOOK_URL: receivers.webhookUrl, ALERT_SLACK_URL: receivers.slackUrl },
  ...{ ALERT_EMAIL_TO: 'ops@example.com', SMTP_URL: receivers.smtpUrl, MAIL_FROM: 'mooring <mooring@example.com>' },
});

async function watcherOf(module: DomainModule): Promise<Watcher> {
  const config = readConfig(settings());
  const foundation = await layFoundation(config, endpoints(), [module], createLogger(config), createMetrics());
  return { foundation, watch: startAlertWatch(foundation) };
}

async function stopWatching(): Promise<void> {
  await Promise.all(watchers.map(({ watch }) => watch.stop()));
}

function watchAgain(): void {
  for (const watcher of watchers) watcher.watch = startAlertWatch(watcher.foundation);
}

/** Lets this process watch alone, with those of the test to take over from it. */
async function handOver(child: WatchingProcess): Promise<void> {
  await stopWatching();
  child.go();
  const leases = worker.foundation.mongo.db.collection<{ _id: string }>('leases');
  const holder = new RegExp(`:${child.pid}:`);
  await eventually(async () => (await leases.countDocuments({ _id: /^alert/, holder })) === 2 + CHANNELS.length, LONG);
  watchAgain();
}

/** Everything that was told of an alert until now, as its states. */
function heard(id: string): Heard {
  const [kind = '', program] = id.split('/');
  const of = program === undefined ? '' : ` of ${program}`;
  const states = (texts: readonly string[], isIts: (text: string) => boolean) =>
    texts.filter(isIts).map((text) => / (firing|cleared)\b/.exec(text)?.[1] ?? text);
  return {
    webhook: states(receivers.heard.webhook, (text) => text.startsWith(`${id} `)),
    slack: states(receivers.heard.slack, (text) => text.includes(`*mooring ${kind}*`) && text.includes(program ?? '')),
    email: states(receivers.heard.email, (subject) => subject.endsWith(`: ${kind}${of}`)),
  };
}

const NOTHING: Heard = { webhook: [], slack: [], email: [] };

/** Until every channel was told exactly these of the alert since `before`, in this order. */
async function everybodyHeard(id: string, states: readonly ('firing' | 'cleared')[], before = NOTHING): Promise<void> {
  await eventually(() => {
    const now = heard(id);
    for (const channel of CHANNELS) expect(now[channel].slice(before[channel].length), channel).toEqual(states);
    return true;
  }, LONG);
}

function alerts() {
  return worker.foundation.mongo.db.collection<{ _id: string; state: string; since: Date }>('alerts');
}

async function merchantOpens(): Promise<void> {
  const merchant = merchants.pop();
  if (!merchant) throw new Error('more merchants are needed');
  await client.registerMerchant(merchant, 'Alarming Coffee');
}

async function breakHandlers(): Promise<void> {
  isBroken = true;
  await merchantOpens();
  await merchantOpens();
}

async function mendHandlers(): Promise<void> {
  isBroken = false;
  await merchantOpens();
}

describe('alerts fire and clear by breaking the real thing, each told once on every channel (001-4)', () => {
  it('one event that is given up before errors in a row are an alert, until it is retried, though others succeed meanwhile', async () => {
    const { db } = worker.foundation.mongo;
    isBroken = true;
    await merchantOpens();
    await everybodyHeard('dead-events/coupons', ['firing']);
    await mendHandlers();
    await eventually(async () => (await readListenerStatus(db, 'coupons'))?.errorsInARow === 0, LONG);
    const dead = await listDeadItems(db, { programs: ['coupons'], closed: false }, 10);
    expect(dead).toMatchObject([{ kind: 'record', attempts: 3 }]);
    expect(heard('handler-errors/coupons')).toEqual(NOTHING);
    expect(heard('dead-events/coupons').webhook).toEqual(['firing']);
    await reviveDead(
      db,
      dead.map(({ id }) => id),
    );
    await everybodyHeard('dead-events/coupons', ['firing', 'cleared']);
  });

  it('a frontier that stands while the chain goes on, and meanwhile handlers that fail, until one succeeds', async () => {
    const heal = proxy.onRpc('getSignaturesForAddress', () => ({ error: { code: -32_000, message: 'not now' } }));
    await breakHandlers();
    await everybodyHeard('handler-errors/coupons', ['firing']);
    await mendHandlers();
    await everybodyHeard('handler-errors/coupons', ['firing', 'cleared']);
    await everybodyHeard('lag/coupons', ['firing']);
    heal();
    await everybodyHeard('lag/coupons', ['firing', 'cleared']);
  });

  it('RPC that answers nobody, also where the process that watched ends meanwhile', async () => {
    proxy.halfOpen();
    await everybodyHeard('rpc-down', ['firing']);
    await watchers[0]?.watch.stop();
    proxy.heal();
    // What was open in between stays dead.
    proxy.cut();
    await everybodyHeard('rpc-down', ['firing', 'cleared']);
    await stopWatching();
    watchAgain();
  });

  it('the process that watches is killed (kill -9) between a firing and its end: the next one tells the end', async () => {
    const id = 'handler-errors/coupons';
    const before = heard(id);
    await handOver(killed);
    await breakHandlers();
    await everybodyHeard(id, ['firing'], before);
    // Noted as told: who is killed before may tell twice.
    const noted = Object.fromEntries(CHANNELS.map((channel) => [`told.${channel}.attempts`, 0]));
    await eventually(async () => (await alerts().countDocuments({ _id: id, state: 'firing', ...noted })) === 1, LONG);
    killed.kill('SIGKILL');
    expect(await killed.ended).toEqual([null, 'SIGKILL']);
    await mendHandlers();
    await everybodyHeard(id, ['firing', 'cleared'], before);
  });

  it('a worker that is gone, while the process that watches freezes, which wakes up when all is over (I8)', async () => {
    // The network is back, and so is everything that it had taken along; events that were given up stay so.
    const others = { state: 'firing', kind: { $ne: 'dead-events' } };
    await eventually(async () => worker.worker.status().live && (await alerts().countDocuments(others)) === 0, LONG);
    await handOver(frozen);
    const [stopped, failing] = ['listener-stopped/coupons', 'handler-errors/coupons'];
    const [beforeStopped, beforeFailing] = [heard(stopped), heard(failing)];
    await breakHandlers();
    await everybodyHeard(failing, ['firing'], beforeFailing);
    await worker.stop();
    await frozen.stopped();
    await everybodyHeard(stopped, ['firing'], beforeStopped);
    const [body] = receivers.bodies.filter(({ id }) => id === stopped).slice(-1);
    expect(body?.details['said']).toBe('nothing for too long');
    worker = await follow();
    await everybodyHeard(stopped, ['firing', 'cleared'], beforeStopped);
    // A worker that began anew has not tried a handler yet: that is no success.
    expect(await alerts().findOne({ _id: failing })).toMatchObject({ state: 'firing' });
    await mendHandlers();
    await everybodyHeard(failing, ['firing', 'cleared'], beforeFailing);
    const stored = () => alerts().find().project({ told: 0 }).toArray();
    const before = await stored();
    frozen.kill('SIGCONT');
    frozen.kill('SIGTERM');
    expect(await frozen.ended).toEqual([0, null]);
    expect(await stored()).toEqual(before);
  });

  it('a program that only one process follows, until no process does; the metric counts what fires, whoever raised it', async () => {
    const other = await watcherOf(redPackets);
    const [stopped, drift] = ['listener-stopped/red-packets', 'reconcile-drift/red-packets'];
    const since = new Date();
    const raised = { kind: 'reconcile-drift', program: 'red-packets', message: 'documents of red-packets differ' };
    await alerts().insertOne({ _id: drift, state: 'firing', since, ...raised });
    await Promise.all([everybodyHeard(stopped, ['firing']), everybodyHeard(drift, ['firing'])]);
    const counted = (kind: string) => `mooring_alerts_firing{kind="${kind}"} 1`;
    await eventually(async () => {
      const said = await Promise.all(watchers.map(({ foundation }) => foundation.metrics.registry.metrics()));
      return said.some(
        (text) => text.includes(counted('listener-stopped')) && text.includes(counted('reconcile-drift')),
      );
    }, LONG);
    await other.watch.stop();
    await other.foundation.close();
    await Promise.all([everybodyHeard(stopped, ['firing', 'cleared']), everybodyHeard(drift, ['firing', 'cleared'])]);
    const [body] = receivers.bodies.filter(({ id }) => id === stopped).slice(-1);
    expect(body?.text).toContain('no process watches red-packets any more (PROGRAMS); it was: nothing listens to');
  });

  it('a receiver that redirects holds no other up, is not followed, and is told later', async () => {
    const id = 'handler-errors/coupons';
    const before = heard(id);
    receivers.answerWebhook(302);
    await breakHandlers();
    await eventually(() => heard(id).slack.length > before.slack.length, LONG);
    await eventually(() => heard(id).email.length > before.email.length, LONG);
    await mendHandlers();
    // It was asked, and what it said is noted.
    await eventually(
      async () => (await alerts().countDocuments({ 'told.webhook.error': 'it answered 302' })) === 1,
      LONG,
    );
    await eventually(async () => (await alerts().findOne({ _id: id }))?.['state'] === 'cleared', LONG);
    expect(heard(id).webhook).toEqual(before.webhook);
    receivers.answerWebhook(null);
    // It is told the end also where it never heard of the beginning.
    await eventually(() => heard(id).webhook.length > before.webhook.length, LONG);
    expect(heard(id).webhook.at(-1)).toBe('cleared');
    expect(heard(id).slack.slice(before.slack.length)).toEqual(['firing', 'cleared']);
    expect(heard(id).email.slice(before.email.length)).toEqual(['firing', 'cleared']);
    expect(receivers.counts.redirected).toBe(0);
  });

  it('a receiver that hangs holds up neither the others nor the end of a process, whose successor tells it', async () => {
    const id = 'handler-errors/coupons';
    const before = heard(id);
    receivers.answerWebhook('hang');
    await breakHandlers();
    await eventually(() => receivers.counts.hanging > 0, LONG);
    await eventually(() => heard(id).slack.length > before.slack.length, LONG);
    await eventually(() => heard(id).email.length > before.email.length, LONG);
    const beganAt = performance.now();
    await stopWatching();
    expect(performance.now() - beganAt).toBeLessThan(STOPS_WITHIN_MS);
    receivers.answerWebhook(null);
    watchAgain();
    await everybodyHeard(id, ['firing'], before);
    await mendHandlers();
    await everybodyHeard(id, ['firing', 'cleared'], before);
  });

  it('nothing was told twice, on any channel', () => {
    const ids = new Set(receivers.heard.webhook.map((text) => text.split(' ')[0] as string));
    for (const id of ids) {
      for (const channel of ['slack', 'email'] as const) {
        const told = heard(id)[channel];
        expect(told, `${channel} of ${id}`).toEqual(told.map((_, at) => (at % 2 === 0 ? 'firing' : 'cleared')));
      }
    }
  });

  it('e-mails say what is the matter and what to do, and name no secret', () => {
    const [letter] = receivers.letters;
    expect(letter).toMatch(/^From: mooring <mooring@example.com>$/m);
    expect(letter).toMatch(/^Message-ID:\s+<alert\..+@example.com>$/m);
    expect(letter).toContain('docs/operations.md');
    expect(receivers.letters.join()).not.toContain(receivers.webhookUrl);
  });
});
