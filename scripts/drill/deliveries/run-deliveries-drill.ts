import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { ensureAllIndexes } from '../../../src/app/ensure-all-indexes.js';
import { deliveries } from '../../../src/delivery/desk/delivery-store.js';
import { DispatcherStore } from '../../../src/delivery/dispatchers/dispatcher-store.js';
import { createEnvironment } from '../../../src/delivery/environments/environment-store.js';
import { accountsOf } from '../../../src/delivery/environments/external-accounts.js';
import { ingestSendEvents } from '../../../src/delivery/records/ingest-send-event.js';
import { eventRecords } from '../../../src/delivery/records/record-store.js';
import type { DevChain } from '../../../src/dev/dev-chain.js';
import type { DevDatabase } from '../../../src/dev/dev-database.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';
import { systemClock } from '../../../src/lib/clock.js';
import { MooringError } from '../../../src/lib/errors.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { drillEnvironment } from '../drill-environment.js';
import { Fleet } from '../transactions/fleet.js';
import { isDelivered, judgeDeliveries, type DeliveryJudgement, type SentEvent } from './judge-deliveries.js';
import { definitionOf, ENVIRONMENTS, planEvents, planSubscribers, SOURCE } from './planned-subscribers.js';
import { startEndpoint } from './start-endpoint.js';

export interface DeliveriesDrillOptions {
  readonly events: number;
  readonly dispatchers: number;
  readonly kills: number;
  readonly workers: number;
  readonly seed: number;
  readonly chain: DevChain;
  readonly database: DevDatabase;
  readonly say: (line: string) => void;
}

export interface DeliveriesDrillReport {
  readonly events: number;
  readonly dispatchers: number;
  readonly kills: number;
  readonly judgement: DeliveryJudgement;
  /** Deliveries that ended otherwise than delivered, and those that did not end. */
  readonly undelivered: number;
  readonly uncleanStops: readonly string[];
  /** From the moment an event may be told to its first request, in milliseconds. */
  readonly lateMs: { readonly median: number; readonly p99: number };
  readonly trafficMs: number;
  readonly clean: boolean;
}

/** Events sent at once. */
const BATCH = 20;
const PAUSE_MS = 50;
const KILL_EVERY_MS = 1_000;
/** Requests between two kills: somebody is at work when the next one dies. */
const TOLD_BETWEEN = 20;
/** Twice the pause after a second failure. */
const PATIENCE_MS = 600_000;
const LOOK_EVERY_MS = 250;
/** Longer than a try that a killed process leaves is waited for. */
const SAY_AFTER_MS = 45_000;

/**
 * Sends events to many dispatchers of two environments while the processes that deliver them are killed, and compares what
 * their endpoints got with what they should have. Throws MooringError when something does not come up, or does not end.
 */
export async function runDeliveriesDrill(options: DeliveriesDrillOptions): Promise<DeliveriesDrillReport> {
  const { events, dispatchers, kills, workers, seed, chain, database, say } = options;
  const randomFor = (part: number) => seededRandom(seed * 10 + part);
  const [planRandom, killRandom, answerRandom] = [randomFor(1), randomFor(2), randomFor(3)];
  const environment = { ...drillEnvironment(chain, database), WEBHOOKS_ALLOW_PRIVATE: 'true', LOG_LEVEL: 'error' };
  const client = await new mongo.MongoClient(database.uri).connect();
  const db = client.db(environment.MONGODB_DATABASE);
  const endpoint = await startEndpoint(answerRandom);
  let fleet: Fleet | undefined;
  let killed = 0;
  try {
    await ensureAllIndexes(db, []);
    const subscribers = planSubscribers(dispatchers, planRandom);
    const environments = await makeEnvironments();
    const store = new DispatcherStore(db, { clock: systemClock, randomBytes });
    for (const subscriber of subscribers) {
      const home = environments[subscriber.environment] as string;
      const account = subscriber.account;
      const accounts = account === null ? null : await accountsOf(db, home, [account], new Date());
      const accountId = account === null ? null : (accounts?.get(account)?._id ?? null);
      await store.upsert(home, subscriber.name, definitionOf(subscriber, endpoint.url, accountId));
    }
    fleet = new Fleet({ apis: 0, workers, kind: 'delivery.worker', environment, firstPort: 0, random: killRandom });
    say(`${workers} processes deliver to ${dispatchers} dispatchers of ${ENVIRONMENTS} environments`);

    const startedAt = systemClock.monotonic();
    const sent: SentEvent[] = [];
    const sending = send();
    const dying = killNowAndThen(fleet);
    await Promise.all([sending, dying]);
    say(`${events} events are sent, ${kills} processes were killed`);
    const crashed = fleet.crashed();
    await until('everything is delivered', isOver);
    const trafficMs = Math.round(systemClock.monotonic() - startedAt);
    const uncleanStops = [...crashed, ...(await fleet.stop())];
    const judgement = judgeDeliveries(subscribers, sent, endpoint.told);
    const undelivered = await deliveries(db).countDocuments({ state: { $ne: 'delivered' } });
    const clean = isDelivered(judgement) && undelivered === 0 && uncleanStops.length === 0;
    return {
      ...{ events, dispatchers, kills, judgement, undelivered, uncleanStops },
      ...{ lateMs: lateness(sent), trafficMs, clean },
    };

    async function send(): Promise<void> {
      const planned = planEvents(events, planRandom);
      const batches = Math.ceil(events / BATCH);
      let number = 0;
      const deps = { db, clock: systemClock, metrics: createMetrics() };
      while (planned.length > 0) {
        // There is traffic as long as somebody dies.
        const share = Math.floor((number++ * kills) / batches);
        await until('somebody dies', () => Promise.resolve(killed >= share));
        const batch = planned.splice(0, BATCH);
        for (const [place, home] of environments.entries()) {
          const own = batch.filter((event) => event.environment === place);
          if (own.length === 0) continue;
          const ingested = await ingestSendEvents(
            deps,
            home,
            own.map((event) => ({
              event: {
                ...{ id: event.id, name: event.name, source: SOURCE },
                payload: { owner: event.owner, amount: event.amount },
              },
              options: {
                ...(event.account === null ? {} : { accountId: event.account }),
                ...(event.afterMs === null ? {} : { deliverAt: new Date(systemClock.now() + event.afterMs) }),
              },
            })),
          );
          for (const [index, { record }] of ingested.entries()) {
            const event = own[index];
            if (event) sent.push({ event, dueAtMs: record.deliverAt.getTime() });
          }
        }
        await systemClock.sleep(PAUSE_MS);
      }
    }
  } finally {
    fleet?.abandon();
    await endpoint.stop();
    await db.dropDatabase().catch(() => undefined);
    await client.close();
  }

  async function makeEnvironments(): Promise<string[]> {
    const made: string[] = [];
    for (let place = 0; place < ENVIRONMENTS; place++) {
      const named = { slug: `drill-${place}`, name: `Drill ${place}`, chain: { programs: null } };
      const environment = await createEnvironment(db, named, new Date());
      if (!environment) throw new MooringError('drill-failed', `The environment ${named.slug} is there already.`);
      made.push(environment._id);
    }
    return made;
  }

  async function killNowAndThen(of: Fleet): Promise<void> {
    while (killed < kills) {
      const before = endpoint.told.length;
      await until('somebody delivers', () => Promise.resolve(endpoint.told.length >= before + TOLD_BETWEEN));
      await systemClock.sleep(KILL_EVERY_MS * (0.5 + killRandom()));
      say(`killed ${await of.killOne()}`);
      killed += 1;
    }
  }

  async function isOver(): Promise<boolean> {
    const [due, open] = await Promise.all([
      eventRecords(db).countDocuments({ state: 'due' }, { limit: 1 }),
      deliveries(db).countDocuments({ state: { $in: ['due', 'waiting'] } }, { limit: 1 }),
    ]);
    return due + open === 0;
  }

  /** What a long wait is for. */
  async function sayWhatIsOpen(): Promise<void> {
    const open = await deliveries(db)
      .find({ state: { $in: ['due', 'waiting'] } })
      .limit(3)
      .toArray();
    for (const { _id, state, dueAt, attempts, error, history } of open) {
      const tries = history.map(({ status, error }) => status ?? error).join(', ');
      say(
        `open: ${_id} is ${state} until ${dueAt.toISOString()}, tries: ${attempts} (${tries}), ${error ?? 'no error'}`,
      );
    }
  }

  async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = systemClock.monotonic() + PATIENCE_MS;
    let sayAt = systemClock.monotonic() + SAY_AFTER_MS;
    while (!(await isSo())) {
      if (systemClock.monotonic() > sayAt) {
        sayAt += SAY_AFTER_MS;
        await sayWhatIsOpen();
      }
      if (systemClock.monotonic() > deadline) {
        throw new MooringError('drill-failed', `It was waited ${PATIENCE_MS / 1_000} s until ${what}.`);
      }
      await systemClock.sleep(LOOK_EVERY_MS);
    }
  }

  function lateness(sent: readonly SentEvent[]): DeliveriesDrillReport['lateMs'] {
    const due = new Map(sent.map(({ event, dueAtMs }) => [event.id, dueAtMs]));
    const first = new Map<string, number>();
    for (const { subscriber, event, atMs } of endpoint.told) {
      const pair = `${event} ${subscriber}`;
      if (!first.has(pair)) first.set(pair, atMs - (due.get(event) ?? atMs));
    }
    const sorted = [...first.values()].sort((one, other) => one - other);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { median: at(0.5), p99: at(0.99) };
  }
}
