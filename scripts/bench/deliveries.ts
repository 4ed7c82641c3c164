import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mongo } from 'mongoose';
import { ensureAllIndexes } from '../../src/app/ensure-all-indexes.js';
import { deliveries } from '../../src/delivery/desk/delivery-store.js';
import { newDelivery } from '../../src/delivery/desk/new-delivery.js';
import type { Dispatcher } from '../../src/delivery/dispatchers/dispatcher.js';
import { DispatcherStore } from '../../src/delivery/dispatchers/dispatcher-store.js';
import { DEFAULT_ENVIRONMENT_ID } from '../../src/delivery/environments/environment.js';
import { ingestSendEvent } from '../../src/delivery/records/ingest-send-event.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { benchLateness, type LatenessReport } from './deliveries-lateness.js';
import { openDesks } from './delivery-desks.js';
import { rounded } from './figures.js';
import type { Progress } from './progress.js';

export interface DeliveriesOptions {
  /** Deliveries that wait for a dawdling endpoint at the same desk, one size after another. */
  readonly backlogs: readonly number[];
  /** Deliveries that are measured. */
  readonly deliveries: number;
  /** Events that are scheduled one by one while nothing else is to be done. */
  readonly scheduled: number;
}

/** What a delivery costs, by how much else waits at its desk. */
export interface DeliveriesReport {
  readonly deliveries: number;
  readonly sizes: readonly {
    readonly backlog: number;
    readonly perSecond: number;
    /** Wall time over deliveries. */
    readonly msEach: number;
    /** Commands to the database over deliveries: the same on any server. */
    readonly commandsEach: number;
  }[];
  /** Of the longest queue over the shortest one, by the time of each. */
  readonly growth: number;
  readonly lateness: LatenessReport;
}

const DESK = 0;
const INSERTED_AT_ONCE = 5_000;
const DAWDLING_MS = 1_000;
const LOOK_EVERY_MS = 20;
const DAWDLER = '/dawdler';

/** Delivers to a quick endpoint of this process while more and more waits for another one that dawdles. */
export async function benchDeliveries(
  uri: string,
  { backlogs, deliveries: measured, scheduled }: DeliveriesOptions,
  progress: Progress,
): Promise<DeliveriesReport> {
  const client = await new mongo.MongoClient(uri, { monitorCommands: true }).connect();
  let commands = 0;
  client.on('commandStarted', () => (commands += 1));
  const server = createServer((request, response) => {
    request.resume();
    setTimeout(() => response.writeHead(200).end(), request.url === DAWDLER ? DAWDLING_MS : 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const onNewDatabase = async <T>(measured: (db: mongo.Db) => Promise<T>): Promise<T> => {
    const db = client.db(`mooring_bench_${randomBytes(4).toString('hex')}`);
    return measured(db).finally(() => db.dropDatabase());
  };
  const sizes: DeliveriesReport['sizes'][number][] = [];
  try {
    progress(`deliveries: ${scheduled} scheduled ones`);
    const lateness = await onNewDatabase((db) => benchLateness(db, scheduled));
    for (const backlog of backlogs) {
      progress(`deliveries: ${measured} beside ${backlog} that wait`);
      const { seconds, asked } = await onNewDatabase((db) => measure(db, url, backlog, measured, () => commands));
      sizes.push({
        backlog,
        perSecond: rounded(measured / seconds),
        msEach: rounded((seconds * 1_000) / measured, 2),
        commandsEach: rounded(asked / measured, 2),
      });
    }
    const [first, last] = [sizes[0], sizes.at(-1)];
    const growth = first && last ? rounded(last.msEach / first.msEach, 2) : 1;
    return { deliveries: measured, sizes, growth, lateness };
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await client.close();
  }
}

/** What it takes, and how many commands of the desk's to the database. */
async function measure(
  db: mongo.Db,
  url: string,
  backlog: number,
  measured: number,
  commands: () => number,
): Promise<{ readonly seconds: number; readonly asked: number }> {
  await ensureAllIndexes(db, []);
  const store = new DispatcherStore(db, { clock, randomBytes });
  const [dawdler, quick] = [await dispatcher('dawdler', DAWDLER, 2), await dispatcher('quick', '/quick', 50)];
  await waiting(dawdler, backlog);
  await waiting(quick, measured);

  const began = clock.monotonic();
  const askedBefore = commands();
  let looks = 0;
  const desks = openDesks(db, [DESK]);
  const isOver = async () => {
    looks += 1;
    return (await deliveries(db).countDocuments({ dispatcher: quick._id, state: 'due' }, { limit: 1 })) === 0;
  };
  while (!(await isOver())) await clock.sleep(LOOK_EVERY_MS);
  const seconds = (clock.monotonic() - began) / 1_000;
  const asked = commands() - askedBefore - looks;
  await desks.stop();
  return { seconds, asked };

  async function dispatcher(name: string, path: string, concurrency: number): Promise<Dispatcher> {
    const made = await store.upsert(DEFAULT_ENVIRONMENT_ID, name, {
      dispatchable: { kind: 'webhook', url: `${url}${path}`, concurrency, ratePerSecond: null, timeoutMs: 15_000 },
      ...{ events: [name], source: 'bench', filter: {}, filterMode: 'strict', commitment: 'finalized' },
      ...{ account: null, manual: false, orderBy: null },
    });
    return made.dispatcher;
  }

  /** One event, told so many times: what is measured is the queue. */
  async function waiting(to: Dispatcher, count: number): Promise<void> {
    const event = { id: to._id, name: to.dispatchableId, source: 'bench', payload: { n: 1 } };
    const later = { deliverAt: new Date(clock.now() + 86_400_000) };
    const { record } = await ingestSendEvent(
      { db, clock, metrics: createMetrics() },
      DEFAULT_ENVIRONMENT_ID,
      event,
      later,
    );
    const one = newDelivery(record, to, new Date(clock.now()));
    for (let from = 0; from < count; from += INSERTED_AT_ONCE) {
      const length = Math.min(INSERTED_AT_ONCE, count - from);
      const some = Array.from({ length }, (_, n) => ({
        ...one,
        desk: DESK,
        _id: `${record._id}.${from + n}/${to._id}`,
      }));
      await deliveries(db).insertMany(some, { ordered: false });
    }
  }
}
