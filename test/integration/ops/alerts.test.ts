import type { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAlertWatch, type AlertWatch } from '../../../src/app/alert-watch.js';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import { CouponsClient } from '../../../src/dev/coupons-client.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { startWorker, type RunningWorker } from '../core/running-worker.js';
import { startReceivers, type AlertReceivers } from './alert-receivers.js';

const HOLD_MS = 300;
/** 8 s of the test's chain: what a busy machine takes for a sweep is no lag. */
const MAX_LAG_SLOTS = 160;
const LONG = { timeoutMs: 60_000, everyMs: 50 };

let chain: TestChain;
let proxy: FaultProxy;
let database: TestDatabase;
let receivers: AlertReceivers;
let worker: RunningWorker;
/** Two processes watch; each has a pool and a database connection of its own. */
let watchers: { foundation: Foundation; watch: AlertWatch }[];
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
  chain = await createTestChain({ programs: ['coupons'] });
  proxy = await startFaultProxy({ rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl });
  database = await createTestDatabase();
  receivers = await startReceivers();
  client = new CouponsClient(chain.rpcUrl, chain.wsUrl);
  merchants = await chain.fundedKeypairs(12);
  worker = await follow();
  watchers = await Promise.all([watch(), watch()]);
});
afterAll(async () => {
  proxy.heal();
  for (const { foundation, watch } of watchers) {
    await watch.stop();
    await foundation.close();
  }
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

async function watch() {
  const config = readConfig({
    ...{ MONGODB_DATABASE: database.name, LOG_LEVEL: 'silent', LEASE_TERM_MS: '3000', HANDLER_BACKOFF_MS: '10' },
    ...{ ALERT_CHECK_INTERVAL_MS: '100', ALERT_HOLD_MS: String(HOLD_MS), MAX_LAG_SLOTS: String(MAX_LAG_SLOTS) },
    ...{ ALERT_WEBHOOK_URL: receivers.webhookUrl, ALERT_SLACK_URL: receivers.slackUrl },
    ...{ ALERT_EMAIL_TO: 'ops@example.com', SMTP_URL: receivers.smtpUrl, MAIL_FROM: 'mooring <mooring@example.com>' },
  });
  const endpoints = { rpcUrls: [proxy.rpcUrl], wsUrls: [proxy.wsUrl], mongodbUri: database.uri };
  const foundation = await layFoundation(config, endpoints, [breakable], createLogger(config), createMetrics());
  return { foundation, watch: startAlertWatch(foundation) };
}

/** Until every channel was told exactly these of the alert, in this order. */
async function everybodyHeard(kind: string, states: readonly ('firing' | 'cleared')[], id = `${kind}/coupons`) {
  const of = id === kind ? '' : ' of coupons';
  await eventually(() => {
    expect(receivers.heard.webhook.filter((heard) => heard.startsWith(`${id} `))).toEqual(
      states.map((state) => `${id} ${state}`),
    );
    expect(receivers.heard.email.filter((subject) => subject.includes(`: ${kind}`))).toEqual(
      states.map((state) => `[mooring] ${state}: ${kind}${of}`),
    );
    const slack = receivers.heard.slack.filter((text) => text.includes(`*mooring ${kind}*`));
    expect(slack.map((text) => (/ (firing|cleared) /.exec(text) ?? [])[1])).toEqual(states);
    return true;
  }, LONG);
}

async function merchantOpens(): Promise<void> {
  const merchant = merchants.pop();
  if (!merchant) throw new Error('more merchants are needed');
  await client.registerMerchant(merchant, 'Alarming Coffee');
}

describe('alerts fire and clear by breaking the real thing, each told once on every channel (001-4)', () => {
  it('handlers that fail one after another, until one succeeds', async () => {
    isBroken = true;
    await merchantOpens();
    await merchantOpens();
    await everybodyHeard('handler-errors', ['firing']);
    isBroken = false;
    await merchantOpens();
    await everybodyHeard('handler-errors', ['firing', 'cleared']);
  });

  it('a frontier that stands while the chain goes on', async () => {
    const heal = proxy.onRpc('getSignaturesForAddress', () => ({ error: { code: -32_000, message: 'not now' } }));
    await everybodyHeard('lag', ['firing']);
    heal();
    await everybodyHeard('lag', ['firing', 'cleared']);
  });

  it('RPC that answers nobody, also where the process that watched ends meanwhile', async () => {
    proxy.halfOpen();
    await everybodyHeard('rpc-down', ['firing'], 'rpc-down');
    await watchers[0]?.watch.stop();
    proxy.heal();
    // What was open in between stays dead.
    proxy.cut();
    await everybodyHeard('rpc-down', ['firing', 'cleared'], 'rpc-down');
  });

  it('a worker that is gone, until another one listens', async () => {
    // The network is back, and so is everything that it had taken along.
    const alerts = worker.foundation.mongo.db.collection('alerts');
    await eventually(
      async () => worker.worker.status().live && (await alerts.countDocuments({ state: 'firing' })) === 0,
      LONG,
    );
    const stoppedAt = Date.now();
    await worker.stop();
    const told = (state: string) =>
      receivers.bodies.filter(
        (body) => body.id === 'listener-stopped/coupons' && body.state === state && Date.parse(body.since) > stoppedAt,
      );
    await eventually(() => told('firing').some(({ details }) => details['said'] === 'nothing for too long'), LONG);
    const cleared = told('cleared').length;
    worker = await follow();
    await eventually(() => told('cleared').length === cleared + 1, LONG);
    const ends = told('cleared').at(-1)?.text;
    expect(ends).toMatch(/^cleared at .*: nothing listens to coupons$/);
  });

  it.each([500, 302, 'hang'] as const)(
    'a receiver that answers %s holds no other up, and is told later',
    async (answer) => {
      receivers.answerWebhook(answer);
      const of = (channel: 'webhook' | 'slack' | 'email') =>
        receivers.heard[channel].filter((heard) => heard.includes('handler-errors'));
      const count = (channel: 'webhook' | 'slack' | 'email') => of(channel).length;
      const [webhook, slack, email] = [count('webhook'), count('slack'), count('email')];
      isBroken = true;
      await merchantOpens();
      await merchantOpens();
      await eventually(() => count('slack') > slack && count('email') > email, LONG);
      expect(count('webhook')).toBe(webhook);
      isBroken = false;
      await merchantOpens();
      receivers.answerWebhook(null);
      await eventually(() => {
        expect(
          of('slack')
            .slice(slack)
            .map((text) => / (firing|cleared) /.exec(text)?.[1]),
        ).toEqual(['firing', 'cleared']);
        expect(count('email')).toBe(email + 2);
        // It is told the end also where it never heard of the beginning.
        expect(of('webhook').slice(webhook).at(-1)).toBe('handler-errors/coupons cleared');
        return true;
      }, LONG);
    },
  );

  it('e-mails say what is the matter and what to do, and name no secret', () => {
    const [letter] = receivers.letters;
    expect(letter).toMatch(/^From: mooring <mooring@example.com>$/m);
    expect(letter).toMatch(/^Message-ID:\s+<alert\..+@example.com>$/m);
    expect(letter).toContain('docs/operations.md');
    expect(receivers.letters.join()).not.toContain(receivers.webhookUrl);
  });
});
