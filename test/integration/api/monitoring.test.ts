import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { couponRoutes } from '../../../src/domains/coupons/routes.js';
import { eventually } from '../../support/eventually.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { promotionTerms, startApiStack, type ApiStack } from './api-stack.js';

const MAX_LAG_SLOTS = 80;
const LONG = { timeoutMs: 60_000, everyMs: 50 };

let stack: ApiStack;
let database: TcpProxy;
let isBroken = false;

/** The coupons, with handlers that throw while they are asked to. */
const module: DomainModule = {
  ...couponRoutes.module,
  events: Object.fromEntries(
    Object.entries(couponRoutes.module.events).map(([name, handler]) => [
      name,
      (event) => {
        if (isBroken) throw new Error('the handler fails');
        return handler(event);
      },
    ]),
  ),
};

beforeAll(async () => {
  const { hostname: host, port } = new URL(inject('mongodbUri').replace('mongodb:', 'http:'));
  database = await startTcpProxy({ host, port: Number(port) });
  stack = await startApiStack({
    domains: [{ ...couponRoutes, module }],
    // One node is asked, whatever the replica set says its address is.
    through: (uri) =>
      `mongodb://127.0.0.1:${database.port}${new URL(uri.replace('mongodb:', 'http:')).pathname}?directConnection=true`,
    env: { HANDLER_ATTEMPTS: '1', MAX_LAG_SLOTS: String(MAX_LAG_SLOTS) },
  });
  await isReady();
});
afterAll(async () => {
  database.mend();
  await stack.stop();
  await database.stop();
});

const isReady = () => eventually(async () => (await stack.get('/health/ready')).status === 200, LONG);

/** The sum of a metric's series whose labels all occur, as /metrics says it; 0 where there is none. */
async function metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const { text } = await stack.get('/metrics');
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Until the metric is above what it was. */
function rises(before: number, name: string, labels: Readonly<Record<string, string>> = {}) {
  return eventually(async () => (await metric(name, labels)) > before, LONG);
}

const OF_COUPONS = { program: 'coupons' };

it('counts applied events and how long they took, and shows the last slot and the lag (001-7)', async () => {
  const applied = { ...OF_COUPONS, event: 'MerchantRegistered', outcome: 'applied' };
  const before = await metric('mooring_events_total', applied);
  const { body } = await stack.post('/api/merchants', { name: 'Measured', category: 'coffee' });
  await rises(before, 'mooring_events_total', applied);
  expect(await metric('mooring_events_total', applied)).toBe(before + 1);
  expect(await metric('mooring_event_latency_seconds_count', OF_COUPONS)).toBe(1);
  // A chain on this machine is not known to take a minute, nor nothing at all.
  const seconds = await metric('mooring_event_latency_seconds_sum', OF_COUPONS);
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThan(60);
  expect(await metric('mooring_last_slot', OF_COUPONS)).toBe(body.slot);
  await rises(body.slot, 'mooring_frontier_slot', OF_COUPONS);
});

it('counts events whose handler failed for good (001-7)', async () => {
  const dead = { ...OF_COUPONS, event: 'PromotionCreated', outcome: 'dead' };
  expect(await metric('mooring_events_total', dead)).toBe(0);
  isBroken = true;
  const answer = await stack.post('/api/promotions', promotionTerms());
  expect(answer.body, answer.text).toMatchObject({ state: 'confirmed', document: null });
  await rises(0, 'mooring_events_total', dead);
  isBroken = false;
  expect(await metric('mooring_events_total', dead)).toBe(1);
});

it('counts RPC errors; a lag that grows is shown, makes /health/ready say 503, and passes (001-6, 001-7)', async () => {
  const errors = await metric('mooring_rpc_errors_total');
  const heal = stack.proxy.onRpc('getSignaturesForAddress', () => ({ status: 503 }));
  await rises(errors, 'mooring_rpc_errors_total');
  await rises(MAX_LAG_SLOTS, 'mooring_lag_slots', OF_COUPONS);
  const late = await eventually(async () => {
    const answer = await stack.get('/health/ready');
    return answer.status === 503 && Number(answer.body['lag']) > MAX_LAG_SLOTS && answer;
  }, LONG);
  expect(late.body).toMatchObject({ healthy: false, database: true, programs: [{ name: 'coupons', connected: true }] });
  expect(JSON.stringify(late.body['reasons'])).toMatch(/coupons is \d+ slots behind, more than 80/);
  heal();
  await isReady();
  expect(await metric('mooring_lag_slots', OF_COUPONS)).toBeLessThanOrEqual(MAX_LAG_SLOTS);
});

it('counts database errors, and says 503 until the database is back (001-6, 001-7)', async () => {
  const errors = await metric('mooring_database_errors_total');
  database.cut();
  await rises(errors, 'mooring_database_errors_total');
  const down = await stack.get('/health/ready');
  expect(down.status).toBe(503);
  expect(down.body).toMatchObject({ healthy: false, database: false });
  database.mend();
  await isReady();
});
