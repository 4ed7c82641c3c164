import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { mongo } from 'mongoose';
import { ensureAllIndexes } from '../../src/app/ensure-all-indexes.js';
import { DESKS } from '../../src/delivery/desk-number.js';
import { DispatcherStore } from '../../src/delivery/dispatchers/dispatcher-store.js';
import { DEFAULT_ENVIRONMENT_ID } from '../../src/delivery/environments/environment.js';
import { ingestSendEvents } from '../../src/delivery/records/ingest-send-event.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import { MooringError } from '../../src/lib/errors.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { openDesks } from './delivery-desks.js';
import { percentile, rounded } from './figures.js';

/** How long after its moment a scheduled event reaches its endpoint while nothing else is to be done. */
export interface LatenessReport {
  readonly events: number;
  /** Told before their moment. */
  readonly early: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The desks are at rest by then. */
const FIRST_IN_MS = 3_000;
/** From one moment to the next, in milliseconds: none waits for another. */
const EVERY_MS = 100;
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 100;
const EVENT = 'bench.scheduled';

/** Schedules events one after another, and sees when an endpoint of this process gets each. @throws MooringError when one does not come. */
export async function benchLateness(db: mongo.Db, events: number): Promise<LatenessReport> {
  await ensureAllIndexes(db, []);
  const came = new Map<string, number>();
  const server = createServer((request, response) => {
    const atMs = clock.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { id: string } };
      if (!came.has(data.id)) came.set(data.id, atMs);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new DispatcherStore(db, { clock, randomBytes }).upsert(DEFAULT_ENVIRONMENT_ID, EVENT, {
    dispatchable: { kind: 'webhook', url, concurrency: 10, ratePerSecond: null, timeoutMs: 15_000 },
    ...{ events: [EVENT], source: 'bench', filter: {}, filterMode: 'strict', commitment: 'finalized' },
    ...{ account: null, manual: false, orderBy: null },
  });
  const desks = openDesks(
    db,
    Array.from({ length: DESKS }, (_, desk) => desk),
  );
  try {
    const fromMs = clock.now() + FIRST_IN_MS;
    const sent = Array.from({ length: events }, (_, n) => ({
      event: { id: `${n}`, name: EVENT, source: 'bench', payload: { id: `${n}` } },
      options: { deliverAt: new Date(fromMs + n * EVERY_MS) },
    }));
    await ingestSendEvents({ db, clock, metrics: createMetrics() }, DEFAULT_ENVIRONMENT_ID, sent);
    const deadlineMs = fromMs + events * EVERY_MS + PATIENCE_MS;
    while (came.size < events && clock.now() < deadlineMs) await clock.sleep(LOOK_EVERY_MS);
    const late = sent.map(({ event: { id }, options }) => {
      const atMs = came.get(id);
      if (atMs === undefined) throw new MooringError('bench-failed', `The scheduled event ${id} did not come.`);
      return atMs - options.deliverAt.getTime();
    });
    return {
      events,
      early: late.filter((ms) => ms < 0).length,
      ...{ p50Ms: rounded(percentile(late, 0.5)), p99Ms: rounded(percentile(late, 0.99)) },
      maxMs: rounded(Math.max(...late)),
    };
  } finally {
    await desks.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
