import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { EventStreams } from '../../../src/api/event-streams.js';
import { ledgerEvents, storedRecord } from '../../../src/ledger/ledger-collections.js';
import { ensureStableIndexes } from '../../../src/ledger/stable-slot.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { eventually } from '../../support/eventually.js';
import { openCoreBench, silent, type CoreBench } from '../core/core-bench.js';
import { interruptedDatabase } from '../core/interrupted-database.js';
import { SseClient } from './sse-client.js';

const EVENTS = 1_000;
/** Of JSON in each event: all together many times what sockets buffer by themselves. */
const PADDING = 'x'.repeat(20_000);

let bench: CoreBench;
const servers: { readonly http: Server; readonly streams: EventStreams }[] = [];
beforeAll(async () => {
  bench = await openCoreBench();
  await ensureStableIndexes(bench.db);
  const [record] = generateHistory(1, 1).transactions.flatMap((one) => [...recordsOf(one)]);
  if (!record) throw new Error('a history has events');
  const events = Array.from({ length: EVENTS }, (_, slot) => ({
    ...{ ...record, _id: `signature${slot}/log/0`, signature: `signature${slot}`, slot, data: { padding: PADDING } },
    ...({ state: 'applied', commitment: 'finalized' } as const),
  }));
  await ledgerEvents(bench.db).insertMany(events.map(storedRecord));
  await bench.db.collection('stable_streams').insertOne({ _id: 'coupons' as never, slot: EVENTS - 1, late: 0 });
});
afterEach(async () => {
  for (const { http, streams } of servers.splice(0)) {
    await streams.stop();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }
});
afterAll(() => bench.close());

/** An API that serves streams and nothing else; `pages` counts what it read of the ledger. */
async function serve(stalledMs: number): Promise<{ url: string; metrics: Metrics; pages: () => number }> {
  let pages = 0;
  const { db } = interruptedDatabase(bench.db, (_, name) => {
    if (name === 'ledger_events.find') pages += 1;
  });
  const metrics = createMetrics();
  const streams = new EventStreams({ db, clock, log: silent, metrics, maxConsumers: 10, stalledMs });
  const http = createServer((_, response) => {
    void streams.serve({ program: 'coupons', names: null, from: 'start' }, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  servers.push({ http, streams });
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, metrics, pages: () => pages };
}

it('a consumer that does not read costs a few pages, holds up nobody, and goes on when it reads (004-3.5)', async () => {
  const slow = await serve(60_000);
  const stalled = await SseClient.open(slow.url, { isReading: false });
  await eventually(() => slow.pages() > 0);
  const fast = await SseClient.open((await serve(60_000)).url);
  await fast.until(EVENTS - 1);
  expect(fast.ids).toHaveLength(EVENTS);
  const lag = async () => (await slow.metrics.streamLagSlots.get()).values[0]?.value ?? 0;
  await eventually(async () => (await lag()) > EVENTS / 2);
  // Everything is ten pages.
  expect(slow.pages()).toBeLessThan(7);
  stalled.resume();
  await stalled.until(EVENTS - 1);
  expect(stalled.ids).toEqual(fast.ids);
  await eventually(async () => (await lag()) === 0);
  for (const client of [stalled, fast]) client.close();
});

it('a consumer that takes nothing for too long loses its place, and nothing else (004-3.5)', async () => {
  const { url, metrics } = await serve(300);
  const stalled = await SseClient.open(url, { isReading: false });
  const open = async () => (await metrics.streamConsumers.get()).values[0]?.value;
  await eventually(async () => (await open()) === 1);
  await eventually(async () => (await open()) === 0);
  stalled.resume();
  await eventually(() => stalled.isEnded);
  expect(stalled.ids.length).toBeLessThan(EVENTS);
});
