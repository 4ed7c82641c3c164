import { Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import bs58 from 'bs58';
import { mongo } from 'mongoose';
import { ApiKeys } from '../../src/api/api-keys.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import type { DevDatabase } from '../../src/dev/dev-database.js';
import { findFreePorts } from '../../src/dev/free-port.js';
import { openTraffic } from '../../src/dev/traffic.js';
import { systemClock } from '../../src/lib/clock.js';
import { messageOf, MooringError } from '../../src/lib/errors.js';
import type { AuditReport } from '../../src/reconcile/audit-report.js';
import { auditNow } from './audit-now.js';
import { buildProject } from './build-project.js';
import { allEvents } from './chain-events.js';
import { compareEvents, isEqual, type EventComparison } from './compare-events.js';
import { drillEnvironment } from './drill-environment.js';
import { openPm2 } from './pm2-daemon.js';
import { startRequestStream } from './request-stream.js';

export interface Pm2DrillOptions {
  /** How often each of the three processes is killed. */
  readonly kills: number;
  readonly chain: DevChain;
  readonly database: DevDatabase;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface Pm2DrillReport {
  /** Of each process. */
  readonly kills: number;
  readonly reloads: number;
  /** Transactions of the traffic beside the API. */
  readonly transactions: number;
  /** Of the reconcile worker that went through. */
  readonly passes: number;
  /** Requests to the API that were answered with success. */
  readonly requests: number;
  /** Writes among them, and how often they took effect on chain. The same: once each. */
  readonly writes: number;
  readonly effects: number;
  /** Requests that failed while nothing was to be noticed: during a reload, or while a worker was killed. */
  readonly failedRequests: readonly string[];
  /** Processes that did not end with 0 when PM2 asked them to, and leases that were not given up. */
  readonly uncleanStops: readonly string[];
  /** Processes that were left when PM2 had ended, by pid. They were killed. */
  readonly leftBehind: readonly number[];
  readonly comparison: EventComparison;
  readonly audit: AuditReport;
  readonly clean: boolean;
}

/** As ecosystem.config.js names them. */
const APPS = ['api-server', 'event-worker', 'reconcile-worker'] as const;
type App = (typeof APPS)[number];

const STALLS = 2;
/** Traffic that one worker can follow on two processors beside everything else. */
const PACE_MS = 500;
/** A killed worker's successor waits for the term, and may wait for a transaction that was left open (60 s at most). */
const PATIENCE_MS = 240_000;
const LOOK_EVERY_MS = 20;
/** How it ends for a process that stops gracefully: PM2 says SIGINT where the process ended by itself. */
const GRACEFUL_END = 'code [0] via signal [SIGINT]';

/**
 * Runs the built project under PM2 while people trade and use the API: kills each process again and again, reloads the
 * API, stops and restarts everything, and compares ledger and documents with the chain at the end. Throws MooringError
 * when something does not come up again.
 */
export async function runPm2Drill({ kills, chain, database, seed, say }: Pm2DrillOptions): Promise<Pm2DrillReport> {
  await buildProject();
  say('built');
  const signer = Keypair.generate();
  const port = await findFreePorts();
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    ...drillEnvironment(chain, database),
    // Every 2 s, and every document each time: a reconcile worker that waits for five minutes cannot be disturbed.
    RECONCILE_SCHEDULE: '*/2 * * * * *',
    RECONCILE_FULL_INTERVAL_MS: '1000',
    PORT: String(port),
    RATE_LIMIT_PER_MINUTE: '1000000',
    SIGNER_SECRET_KEYS: bs58.encode(signer.secretKey),
  };
  const client = await new mongo.MongoClient(database.uri).connect();
  const db = client.db(environment.MONGODB_DATABASE);
  const pm2 = openPm2(environment);
  const undo: (() => Promise<unknown>)[] = [];
  let leftBehind: readonly number[] | undefined;
  try {
    const traffic = await openTraffic({
      rpcUrl: chain.rpcUrls[0] as string,
      wsUrl: chain.wsUrls[0] as string,
      fund: (address, lamports) => chain.fund(address, lamports),
      stalls: STALLS,
      seed,
    });
    await chain.fund(signer.publicKey, 100 * LAMPORTS_PER_SOL);
    await traffic.client.registerMerchant(signer, 'Shop behind the API');
    await traffic.client.createPromotion(signer);
    const { at } = traffic.client;
    const promotion = at.promotion(at.merchant(signer.publicKey), 1n).toBase58();
    const { token } = await new ApiKeys(db, systemClock).create('drill', ['write']);

    const startedAt = systemClock.monotonic();
    await pm2.run('start', 'ecosystem.config.js');
    await Promise.all(APPS.map((app) => upAgain(app, null)));
    say(`pm2 start: three processes after ${since(startedAt)} ms`);

    let trafficEnds = false;
    let transactions = 0;
    const playing = traffic.run({ paceMs: PACE_MS, until: () => trafficEnds, onLanded: () => (transactions += 1) });
    playing.catch(() => undefined);
    const endTraffic = async (): Promise<void> => {
      trafficEnds = true;
      await playing;
    };
    undo.push(endTraffic);
    const requests = startRequestStream({ url, token, promotion });
    undo.push(() => requests.abandon());

    let reloads = 0;
    for (let round = 1; round <= kills; round++) {
      for (const app of APPS) await killOnce(app, round);
      await reload();
    }
    const uncleanStops = await stopAndStart();

    await requests.stop();
    await endTraffic();
    const onChain = await allEvents(traffic.client.sender.connection);
    say(`${onChain.length} events on chain; the worker catches up`);
    await until('the worker catches up', async () => (await applied()) >= onChain.length);
    uncleanStops.push(...(await stopAll()));
    leftBehind = await pm2.end();
    say(`pm2 kill: ${leftBehind.length === 0 ? 'nothing left' : `left were ${leftBehind.join(', ')}`}`);

    const [comparison, madePasses] = [await compareEvents(db, onChain), await passes()];
    const report = await auditNow(environment);
    const effects = onChain.filter(
      ({ name, data }) => name === 'PromotionUpdated' && String(data['promotion']) === promotion,
    ).length;
    const doubts = [requests.failures, uncleanStops, leftBehind, report.differences, report.unsettled];
    const clean =
      isEqual(comparison) &&
      effects === requests.writes &&
      doubts.every((list: readonly unknown[]) => list.length === 0);
    return {
      ...{
        kills,
        reloads,
        transactions,
        passes: madePasses,
        requests: requests.answered,
        writes: requests.writes,
        effects,
      },
      ...{ failedRequests: requests.failures, uncleanStops, leftBehind, comparison, audit: report, clean },
    };

    /** Where the API dies, requests fail and are repeated; where a worker does, nobody may notice. */
    async function killOnce(app: App, round: number): Promise<void> {
      const killed = pm2.pidOf(app);
      if (killed === null) throw notSo(`${app} has a process`);
      const ready = pm2.timesReady(app);
      requests.expectFailures(app === 'api-server');
      const killedAt = systemClock.monotonic();
      process.kill(killed, 'SIGKILL');
      const [appliedBefore, passesBefore] = [await applied(), await passes()];
      await upAgain(app, killed, ready);
      if (app === 'event-worker') {
        await until('its successor applies events', async () => (await applied()) > appliedBefore);
      } else if (app === 'reconcile-worker') {
        await until('its successor reconciles', async () => (await passes()) > passesBefore);
      }
      requests.expectFailures(false);
      say(`kill ${round} of ${kills}: ${app}, pid ${killed}, was replaced after ${since(killedAt)} ms`);
    }

    async function reload(): Promise<void> {
      const [before, answered, failed] = [pm2.pidOf('api-server'), requests.answered, requests.failures.length];
      const reloadedAt = systemClock.monotonic();
      await pm2.run('reload', 'api-server');
      await until('the API is another process', () => isOther('api-server', before));
      reloads += 1;
      say(
        `pm2 reload api-server: ${since(reloadedAt)} ms, ${requests.answered - answered} requests answered meanwhile, ` +
          `${requests.failures.length - failed} failed`,
      );
    }

    /** Everything ends in mid-traffic and starts again. */
    async function stopAndStart(): Promise<string[]> {
      requests.expectFailures(true);
      const unclean = await stopAll();
      const ready = APPS.map((app) => pm2.timesReady(app));
      const restartedAt = systemClock.monotonic();
      await pm2.run('restart', 'all');
      await Promise.all(APPS.map((app, place) => upAgain(app, null, ready[place])));
      requests.expectFailures(false);
      say(`pm2 restart all: three processes after ${since(restartedAt)} ms`);
      return unclean;
    }
  } catch (error) {
    const words = pm2.lastWords();
    if (words === '') throw error;
    throw new MooringError('drill-failed', `${messageOf(error)}\nWhat the processes said last:\n${words}`, {
      cause: error,
    });
  } finally {
    await Promise.all(undo.map((step) => step().catch(() => undefined)));
    if (!leftBehind) await pm2.end();
    if (database.kind === 'external') await db.dropDatabase().catch(() => undefined);
    await client.close();
  }

  function applied(): Promise<number> {
    return db.collection('ledger_events').countDocuments({ kind: 'event', state: 'applied' });
  }

  function passes(): Promise<number> {
    return db.collection('reconcile_runs').countDocuments({ state: 'done' });
  }

  /** Waits until the app has a process other than `before` that said it was ready, and the API answers. */
  async function upAgain(app: App, before: number | null, readyBefore = 0): Promise<void> {
    await until(`${app} is up`, () => pm2.timesReady(app) > readyBefore && isOther(app, before));
    if (app === 'api-server') await until('the API answers', () => fetch(`${url}/health/live`).then(({ ok }) => ok));
  }

  function isOther(app: App, before: number | null): boolean {
    const pid = pm2.pidOf(app);
    return pid !== null && pid !== before;
  }

  /** `pm2 stop all`, and what of it was not as it must be. */
  async function stopAll(): Promise<string[]> {
    const stoppedAt = systemClock.monotonic();
    const before = APPS.map((app) => pm2.endsOf(app).length);
    await pm2.run('stop', 'all');
    const ends = APPS.flatMap((app, place) =>
      pm2
        .endsOf(app)
        .slice(before[place])
        .map((end) => `${app}: ${end}`),
    );
    const unclean = ends.filter((end) => !end.endsWith(GRACEFUL_END));
    if (ends.length !== APPS.length) unclean.push(`${ends.length} processes ended, not ${APPS.length}`);
    const leases = db.collection<{ _id: string; holder: string }>('leases');
    const held = await leases.find({ _id: /^(program:.*|reconcile)$/, holder: { $ne: '' } }).toArray();
    unclean.push(...held.map(({ _id, holder }) => `${_id} is still held by ${holder}`));
    say(
      `pm2 stop all: ${since(stoppedAt)} ms, ${unclean.length === 0 ? 'every one ended with 0' : unclean.join('; ')}`,
    );
    return unclean;
  }
}

function since(monotonicMs: number): number {
  return Math.round(systemClock.monotonic() - monotonicMs);
}

function notSo(what: string): MooringError {
  return new MooringError('drill-failed', `Waiting that ${what}: not within ${PATIENCE_MS / 1_000} s.`);
}

/** A probe that throws says no. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = systemClock.monotonic() + PATIENCE_MS;
  for (;;) {
    const so = await Promise.resolve()
      .then(isSo)
      .catch(() => false);
    if (so) return;
    if (systemClock.monotonic() > deadline) throw notSo(what);
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}
