import { randomBytes } from 'node:crypto';
import { Connection, Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import type { AnnouncedTransaction } from '../../src/app/event-announcer.js';
import { startEventWorker } from '../../src/app/event-worker.js';
import { layFoundation } from '../../src/app/foundation.js';
import { readConfig } from '../../src/config/env.js';
import { CouponsClient } from '../../src/dev/coupons-client.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import type { DevDatabase } from '../../src/dev/dev-database.js';
import { coupons } from '../../src/domains/coupons/module.js';
import { systemClock } from '../../src/lib/clock.js';
import { MooringError } from '../../src/lib/errors.js';
import { audit } from '../../src/reconcile/audit.js';
import type { AuditReport } from '../../src/reconcile/audit-report.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { allEvents } from './chain-events.js';
import { compareEvents, isEqual, type EventComparison } from './compare-events.js';
import { ForkLies } from './fork-lies.js';
import { startLyingEndpoint } from './lying-endpoint.js';

export interface ReorgDrillOptions {
  readonly forks: number;
  readonly chain: DevChain;
  readonly database: DevDatabase;
  readonly say: (line: string) => void;
}

export interface ReorgDrillReport {
  readonly forks: number;
  /** Transactions that were dropped, and those that landed in another slot at once. */
  readonly vanished: number;
  readonly moved: number;
  /** What documents said while they should not, or did not say while they should. Empty: they always followed. */
  readonly wrong: readonly string[];
  /** Transactions of these that subscribers were not told of. */
  readonly untold: readonly string[];
  /** Events of these of which the ledger does not keep both versions. */
  readonly withoutHistory: readonly string[];
  /** From the fork to the documents following it, in milliseconds. */
  readonly followedMs: readonly number[];
  readonly comparison: EventComparison;
  readonly audit: AuditReport;
  readonly clean: boolean;
}

/** Slots further on in which a transaction lands on the other fork. */
const MOVED_BY_SLOTS = 3;
const PRICE = 5_000_000n;
const PATIENCE_MS = 90_000;

type Landed = Awaited<ReturnType<CouponsClient['registerMerchant']>>;

/** What people did with one coupon, and the two transactions that a fork is to take. */
interface Trade {
  readonly coupon: string;
  readonly promotion: string;
  readonly rating: string;
  readonly seller: string;
  readonly buyer: string;
  readonly sale: Landed;
  readonly rated: Landed;
}

/**
 * Coupons are bought and rated; then the endpoints tell of a fork that drops some of these transactions and moves others
 * to another slot, and later of one in which the dropped ones land after all. Compares what the documents, the
 * subscribers and the ledger make of it. Throws MooringError when the worker does not follow at all.
 */
export async function runReorgDrill({ forks, chain, database, say }: ReorgDrillOptions): Promise<ReorgDrillReport> {
  const [rpcUrl = '', wsUrl = ''] = [chain.rpcUrls[0], chain.wsUrls[0]];
  const lies = new ForkLies();
  // Two that tell of the same fork: what both prove is believed.
  const endpoints = await Promise.all([startLyingEndpoint(rpcUrl, lies), startLyingEndpoint(rpcUrl, lies)]);
  const config = readConfig({
    SOLANA_RPC_URL: endpoints.map(({ url }) => url).join(','),
    // The socket told the truth as it was then: announced first, dropped later.
    SOLANA_WS_URL: [wsUrl, wsUrl].join(','),
    MONGODB_URI: database.uri,
    MONGODB_DATABASE: `mooring_drill_${randomBytes(4).toString('hex')}`,
    SWEEP_INTERVAL_MS: '1000',
    LOG_LEVEL: 'silent',
  });
  const urls = { rpcUrls: config.solanaRpcUrls, wsUrls: config.solanaWsUrls, mongodbUri: database.uri };
  const foundation = await layFoundation(config, urls, [coupons], createLogger(config), createMetrics());
  const { db } = foundation.mongo;
  const worker = startEventWorker(foundation, urls);
  const told = new Set<string>();
  worker.announcer.on('transaction-orphaned', ({ signature }: AnnouncedTransaction) => told.add(signature));
  const client = new CouponsClient(rpcUrl, wsUrl);
  const wrong: string[] = [];
  const followedMs: number[] = [];
  const [vanished, moved]: [Landed[], Landed[]] = [[], []];

  /** How many of these transactions have an event in the ledger of which this is so, old versions left out. */
  const having = async (landed: readonly Landed[], so: object): Promise<number> => {
    const signatures = landed.map(({ signature }) => signature);
    const filter = { signature: { $in: signatures }, kind: 'event', _id: { $not: /~/ }, ...so };
    return (await db.collection('ledger_events').distinct('signature', filter as object)).length;
  };
  const applied = (landed: readonly Landed[]) =>
    until(
      'the events are in the documents',
      async () => (await having(landed, { state: 'applied' })) === landed.length,
    );

  try {
    for (let fork = 1; fork <= forks; fork++) {
      const [dropped, elsewhere, untouched] = await Promise.all([trade(), trade(), trade()]);
      const all = [dropped, elsewhere, untouched].flatMap(({ sale, rated }) => [sale, rated]);
      await applied(all);
      const startedAt = systemClock.monotonic();
      for (const { signature, slot } of [dropped.sale, dropped.rated]) lies.vanish(signature, slot);
      for (const { signature, slot } of [elsewhere.sale, elsewhere.rated]) {
        lies.move(signature, slot, slot + MOVED_BY_SLOTS);
      }
      vanished.push(dropped.sale, dropped.rated);
      moved.push(elsewhere.sale, elsewhere.rated);
      await until('the fork is followed', async () => {
        const gone = await having([dropped.sale, dropped.rated], { state: 'orphaned' });
        const there = await Promise.all(
          [elsewhere.sale, elsewhere.rated].map((one) =>
            having([one], { state: 'applied', slot: one.slot + MOVED_BY_SLOTS }),
          ),
        );
        return gone === 2 && there.every((count) => count === 1);
      });
      followedMs.push(Math.round(systemClock.monotonic() - startedAt));
      await expectTrade('dropped', dropped, false);
      await expectTrade('moved', elsewhere, true);
      await expectTrade('untouched', untouched, true);
      say(
        `fork ${fork} of ${forks}: 2 transactions dropped, 2 moved; documents followed after ${followedMs.at(-1)} ms`,
      );

      // On the fork that wins in the end they land after all, later, in the same order.
      const head = await client.sender.connection.getSlot('confirmed');
      lies.move(dropped.sale.signature, dropped.sale.slot, head + 1);
      lies.move(dropped.rated.signature, dropped.rated.slot, head + 2);
      await until('everything is final', async () => {
        const open = { $or: [{ state: { $ne: 'applied' } }, { commitment: 'confirmed' }] };
        return (await having(all, open)) === 0;
      });
      await expectTrade('landed after all', dropped, true);
      say(`fork ${fork} of ${forks}: the dropped ones landed after all; everything is final`);
    }
    const forked = [...vanished, ...moved].map(({ signature }) => signature);
    const untold = forked.filter((signature) => !told.has(signature));
    const archived = await db
      .collection<{ _id: string }>('ledger_events')
      .distinct('signature', { _id: /~/, state: 'orphaned' } as object);
    const withoutHistory = forked.filter((signature) => !archived.includes(signature));

    // As the fork tells it: in the slots it moved them to.
    const seen = new Connection(endpoints[0].url, { commitment: 'confirmed', wsEndpoint: wsUrl });
    const comparison = await compareEvents(db, await allEvents(seen));
    const report = await audit({ db, chain: foundation.pool.chain, clock: systemClock }, foundation.modules);
    const doubts = [wrong, untold, withoutHistory, report.differences, report.unsettled];
    const clean = isEqual(comparison) && doubts.every((list) => list.length === 0);
    return {
      ...{ forks, vanished: vanished.length, moved: moved.length },
      ...{ wrong, untold, withoutHistory, followedMs, comparison, audit: report, clean },
    };
  } finally {
    await worker.stop();
    if (database.kind === 'external') await db.dropDatabase().catch(() => undefined);
    await foundation.close();
    await Promise.all(endpoints.map((endpoint) => endpoint.stop()));
  }

  /** A shop of its own, so that nothing later hides what a rollback must bring back. */
  async function trade(): Promise<Trade> {
    const [merchant, seller, buyer] = [Keypair.generate(), Keypair.generate(), Keypair.generate()] as const;
    for (const { publicKey } of [merchant, seller, buyer]) await chain.fund(publicKey, 10 * LAMPORTS_PER_SOL);
    const promotion = client.at.promotion(client.at.merchant(merchant.publicKey), 1n);
    const coupon = client.at.coupon(promotion, 0);
    const before = [
      await client.registerMerchant(merchant, 'Forked'),
      await client.createPromotion(merchant),
      await client.mintCoupon(merchant, promotion, seller.publicKey, 0),
      await client.listCoupon(seller, coupon, promotion, PRICE),
    ];
    await applied(before);
    const sale = await client.buyCoupon(buyer, {
      ...{ coupon, promotion, seller: seller.publicKey },
      ...{ merchantAuthority: merchant.publicKey, maxPrice: PRICE },
    });
    const rated = await client.ratePromotion(buyer, promotion, 5);
    return {
      ...{ coupon: coupon.toBase58(), promotion: promotion.toBase58() },
      rating: client.at.rating(promotion, buyer.publicKey).toBase58(),
      ...{ seller: seller.publicKey.toBase58(), buyer: buyer.publicKey.toBase58(), sale, rated },
    };
  }

  /** Notes every document that does not say what it must, with the trade's last two transactions or without them. */
  async function expectTrade(what: string, made: Trade, isThere: boolean): Promise<void> {
    const find = (name: string, id: string) =>
      db
        .collection<{ _id: string } & Record<string, unknown>>(name)
        .findOne({ _id: id, '_mooring.closed': { $ne: true } } as object);
    const [coupon, promotion, rating] = await Promise.all([
      find('coupons', made.coupon),
      find('promotions', made.promotion),
      find('ratings', made.rating),
    ]);
    const sales = await db.collection('sales').countDocuments({ coupon: made.coupon });
    const facts: readonly (readonly [string, unknown, unknown])[] = [
      ['sales of the coupon', sales, isThere ? 1 : 0],
      ['owner of the coupon', coupon?.['owner'], isThere ? made.buyer : made.seller],
      ['status of the coupon', coupon?.['status'], isThere ? 'active' : 'listed'],
      ['ratings of the promotion', promotion?.['ratingCount'], isThere ? 1 : 0],
      ['rating', rating === null ? 'absent' : 'there', isThere ? 'there' : 'absent'],
    ];
    for (const [name, actual, expected] of facts) {
      if (String(actual) !== String(expected))
        wrong.push(`${what}: ${name} is ${String(actual)}, not ${String(expected)}`);
    }
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = systemClock.monotonic() + PATIENCE_MS;
  while (!(await isSo())) {
    if (systemClock.monotonic() > deadline) {
      throw new MooringError('drill-failed', `Waiting that ${what}: not within ${PATIENCE_MS / 1_000} s.`);
    }
    await systemClock.sleep(50);
  }
}
