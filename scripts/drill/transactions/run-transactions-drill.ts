import { Connection, Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import bs58 from 'bs58';
import { mongo } from 'mongoose';
import { ApiKeys } from '../../../src/api/api-keys.js';
import { CouponsClient } from '../../../src/dev/coupons-client.js';
import type { DevChain } from '../../../src/dev/dev-chain.js';
import type { DevDatabase } from '../../../src/dev/dev-database.js';
import { startFaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { findFreePorts } from '../../../src/dev/free-port.js';
import { pick, seededRandom } from '../../../src/dev/seeded-random.js';
import { systemClock } from '../../../src/lib/clock.js';
import { MooringError } from '../../../src/lib/errors.js';
import type { AuditReport } from '../../../src/reconcile/audit-report.js';
import { BAD_DAY, breakWrites, type WriteFaultCounts } from '../../traffic/write-faults.js';
import { auditNow } from '../audit-now.js';
import { allEvents } from '../chain-events.js';
import { compareEvents, isEqual, type EventComparison } from '../compare-events.js';
import { drillEnvironment } from '../drill-environment.js';
import { effectsIn, readAccountTexts } from './chain-effects.js';
import { Fleet } from './fleet.js';
import { isRight, judgeWrites, type AnsweredWrite, type WriteJudgement } from './judge-writes.js';
import { otherBody, planWrites, type PlannedWrite } from './planned-writes.js';
import { writeUntilAnswered, type FinalAnswer, type WriteClientOptions } from './write-client.js';

export interface TransactionsDrillOptions {
  readonly requests: number;
  readonly kills: number;
  readonly apis: number;
  readonly workers: number;
  readonly seed: number;
  readonly chain: DevChain;
  readonly database: DevDatabase;
  readonly say: (line: string) => void;
}

export interface TransactionsDrillReport {
  readonly requests: number;
  /** Sent with a key that another request had, to another process. */
  readonly duplicates: number;
  /** Keys that were used for another body, and how many of them were refused as they must be. */
  readonly reused: number;
  readonly reusesRefused: number;
  readonly kills: number;
  readonly faults: WriteFaultCounts;
  /** Tries that gave no final answer, by what came of them. */
  readonly repeats: Readonly<Record<string, number>>;
  readonly judgement: WriteJudgement;
  /** Requests of which mooring itself does not know yet what became. */
  readonly unresolved: number;
  readonly uncleanStops: readonly string[];
  readonly comparison: EventComparison;
  readonly audit: AuditReport;
  readonly trafficMs: number;
  readonly clean: boolean;
}

const SHOPS = 6;
const CLIENTS = 40;
const PURSE_LAMPORTS = 1_000 * LAMPORTS_PER_SOL;
const PATIENCE_MS = 240_000;
const LOOK_EVERY_MS = 100;
/** Of what is announced: the sweep finds it. */
const LOST_NOTIFICATIONS = 0.05;

/**
 * Lets many clients write through API processes that are killed, as are the workers, over RPC endpoints that lose, delay
 * and refuse, until each has a final answer; then compares the answers with the chain. Throws MooringError when something
 * does not come up or no answer comes.
 */
export async function runTransactionsDrill(options: TransactionsDrillOptions): Promise<TransactionsDrillReport> {
  const { requests, kills, seed, chain, database, say } = options;
  const [rpcUrl, wsUrl] = [chain.rpcUrls[0] as string, chain.wsUrls[0] as string];
  // One for each purpose: what one of them is asked for does not change what the others give.
  const randomFor = (part: number) => seededRandom(seed * 10 + part);
  const [planRandom, killRandom, faultRandom, routeRandom] = [randomFor(1), randomFor(2), randomFor(3), randomFor(4)];
  const proxies = await Promise.all([1, 2].map(() => startFaultProxy({ rpcUrl, wsUrl })));
  const signers = Array.from({ length: SHOPS }, () => Keypair.generate());
  const environment = {
    ...drillEnvironment(chain, database),
    SOLANA_RPC_URL: proxies.map((proxy) => proxy.rpcUrl).join(','),
    SOLANA_WS_URL: proxies.map((proxy) => proxy.wsUrl).join(','),
    SIGNER_SECRET_KEYS: signers.map(({ secretKey }) => bs58.encode(secretKey)).join(','),
    RATE_LIMIT_PER_MINUTE: '1000000',
    FINALITY_DELAY_MS: '2000',
    RECONCILE_SCHEDULE: 'off',
  };
  const client = await new mongo.MongoClient(database.uri).connect();
  const db = client.db(environment.MONGODB_DATABASE);
  let fleet: Fleet | undefined;
  try {
    const coupons = new CouponsClient(rpcUrl, wsUrl);
    const shops = await Promise.all(signers.map((signer) => openShop(signer)));
    const before = new Set(effectsIn(await allEvents(coupons.sender.connection)).map(({ signature }) => signature));
    const { token } = await new ApiKeys(db, systemClock).create('drill', ['write']);
    fleet = new Fleet({ ...options, environment, firstPort: await findFreePorts(options.apis), random: killRandom });
    const { urls } = fleet;
    await fleet.ready();
    say(`${options.apis} API and ${options.workers} event worker processes serve ${SHOPS} signers`);

    const faults = breakWrites(proxies, BAD_DAY, faultRandom);
    for (const [place, proxy] of proxies.entries()) proxy.dropMessages(LOST_NOTIFICATIONS, seed + place);
    const startedAt = systemClock.monotonic();
    const repeats: Record<string, number> = {};
    const writing: WriteClientOptions = {
      token,
      onRepeat: (why) => (repeats[why] = (repeats[why] ?? 0) + 1),
      patienceMs: PATIENCE_MS,
    };
    const answered: AnsweredWrite[] = [];
    const planned = planWrites(requests, shops, planRandom);
    const tally = { duplicates: 0, reused: 0, reusesRefused: 0 };
    const anyApi = () => pick(urls, routeRandom) as string;
    const left = [...planned].reverse();
    const working = Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        for (let write = left.pop(); write; write = left.pop()) {
          answered.push({ write, answers: await play(write) });
          if (write.isKeyReused) await reuseKey(write);
        }
      }),
    );
    const dying = killNowAndThen(fleet);
    await Promise.all([working, dying]);
    const trafficMs = Math.round(systemClock.monotonic() - startedAt);
    say(`${requests} requests have their answers after ${Math.round(trafficMs / 1_000)} s`);

    for (const proxy of proxies) proxy.heal();
    const crashed = fleet.crashed();
    const unresolved = await settled();
    const onChain = await allEvents(coupons.sender.connection);
    await until('the worker catches up', async () => (await applied()) >= onChain.length);
    const uncleanStops = [...crashed, ...(await fleet.stop())];
    const judgement = judgeWrites(
      answered,
      effectsIn(onChain),
      await readAccountTexts(new Connection(rpcUrl, 'confirmed')),
      before,
    );
    const comparison = await compareEvents(db, onChain);
    const report = await auditNow({ ...environment, SOLANA_RPC_URL: rpcUrl, SOLANA_WS_URL: wsUrl });
    const clean =
      isRight(judgement) &&
      isEqual(comparison) &&
      tally.reused === tally.reusesRefused &&
      unresolved === 0 &&
      report.differences.length + report.unsettled.length + uncleanStops.length === 0;
    return {
      ...{ requests, ...tally, kills, faults, repeats, judgement, unresolved, uncleanStops, comparison },
      ...{ audit: report, trafficMs, clean },
    };

    async function openShop(signer: Keypair) {
      await chain.fund(signer.publicKey, PURSE_LAMPORTS);
      await coupons.registerMerchant(signer, 'Shop of a drill');
      await coupons.createPromotion(signer, { promotionId: 0n });
      const { at } = coupons;
      return {
        signer: signer.publicKey.toBase58(),
        promotion: at.promotion(at.merchant(signer.publicKey), 0n).toBase58(),
      };
    }

    /** The answers of all clients of the key. */
    async function play(write: PlannedWrite): Promise<FinalAnswer[]> {
      const { duplicateAfterMs } = write;
      let asked = anyApi();
      const first = writeUntilAnswered({ ...write, url: () => asked }, writing);
      // Where its process is gone, a client goes to another one as a load balancer does.
      const moving = setInterval(() => (asked = anyApi()), 1_000);
      try {
        if (duplicateAfterMs === null) return [await first];
        tally.duplicates += 1;
        const others = urls.filter((url) => url !== asked);
        const second = systemClock
          .sleep(duplicateAfterMs)
          .then(() => writeUntilAnswered({ ...write, url: () => pick(others, routeRandom) ?? asked }, writing));
        return await Promise.all([first, second]);
      } finally {
        clearInterval(moving);
      }
    }

    async function reuseKey(write: PlannedWrite): Promise<void> {
      tally.reused += 1;
      const answer = await writeUntilAnswered({ ...write, body: otherBody(write), url: anyApi }, writing);
      if (answer.kind === 'refused' && answer.reason === 'idempotency-key-reused') tally.reusesRefused += 1;
    }

    /** Spread over the traffic, by how much of it is answered. */
    async function killNowAndThen(running: Fleet): Promise<void> {
      for (let kill = 1; kill <= kills; kill++) {
        const dueAt = Math.floor((requests * kill) / (kills + 1));
        while (answered.length < dueAt && left.length > 0) await systemClock.sleep(LOOK_EVERY_MS);
        const killed = await running.killOne();
        if (kill % 2 === 0) pick(proxies, killRandom)?.cut();
        say(`kill ${kill} of ${kills}: ${killed}; ${answered.length} of ${requests} answered`);
      }
    }
  } finally {
    fleet?.abandon();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    if (database.kind === 'external') await db.dropDatabase().catch(() => undefined);
    await client.close();
  }

  function applied(): Promise<number> {
    return db.collection('ledger_events').countDocuments({ kind: 'event', state: 'applied' });
  }

  /** Requests that are not at rest although everybody has an answer and all is well again, after a while. */
  async function settled(): Promise<number> {
    const open = () =>
      db
        .collection('managed_transactions')
        .countDocuments({ state: { $in: ['pending', 'signed', 'sent', 'confirmed'] } });
    await until('every request rests', async () => (await open()) === 0).catch(() => undefined);
    return open();
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = systemClock.monotonic() + PATIENCE_MS;
  while (!(await isSo())) {
    if (systemClock.monotonic() > deadline) {
      throw new MooringError('drill-failed', `Waiting that ${what}: not within ${PATIENCE_MS / 1_000} s.`);
    }
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}
