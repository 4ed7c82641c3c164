import { randomBytes, randomUUID } from 'node:crypto';
import { Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import bs58 from 'bs58';
import { mongo } from 'mongoose';
import { ApiKeys } from '../../../src/api/api-keys.js';
import { CouponsClient } from '../../../src/dev/coupons-client.js';
import { startChain } from '../../../src/dev/embedded-chain.js';
import { startFaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { findFreePorts } from '../../../src/dev/free-port.js';
import { projectPrograms } from '../../../src/dev/project-programs.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { allEvents } from '../../drill/chain-events.js';
import { Fleet } from '../../drill/transactions/fleet.js';
import { writeUntilAnswered } from '../../drill/transactions/write-client.js';
import { BAD_DAY, breakWrites, type WriteFaultCounts } from '../../traffic/write-faults.js';
import { percentile, rounded } from '../figures.js';
import type { Progress } from '../progress.js';
import { tallyMints, type AskedMint, type MintTally } from './mint-tally.js';
import { mintPlainly } from './plain-mints.js';

export interface LandingOptions {
  readonly chain: 'surfnet' | 'validator';
  readonly slotTimeMs: number;
  /** Clients that write without a pause while nothing is wrong, for so long. */
  readonly clients: number;
  readonly quietMs: number;
  /** Shops of either side while things go wrong, each one mint after another, and mints of each side. */
  readonly shops: number;
  readonly mints: number;
}

/** What `npm run bench -- transactions` says about landing. */
export interface LandingReport {
  readonly chain: string;
  readonly slotTimeMs: number;
  /** Promotions over HTTP, from the request to the answer: confirmed, and its document readable. */
  readonly quiet: {
    readonly landed: number;
    readonly perSecond: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  };
  readonly faults: WriteFaultCounts;
  readonly plain: MintTally;
  /** Errors that web3.js threw beside the plain loop, where nobody can catch them: each ends a process that does not expect it. */
  readonly plainUncaught: number;
  readonly mooring: MintTally;
}

const SEED = 1;
const PURSE_LAMPORTS = 1_000 * LAMPORTS_PER_SOL;
const LOST_NOTIFICATIONS = 0.05;
const PLAIN_TRIES = 5;
const PATIENCE_MS = 600_000;

/** Measures an API process and a worker in processes of their own, alone and then beside a plain loop at the same proxy. */
export async function benchLanding(uri: string, options: LandingOptions, progress: Progress): Promise<LandingReport> {
  const { slotTimeMs, clients, quietMs, shops, mints } = options;
  const chain = await startChain({ kind: options.chain, programs: projectPrograms(['coupons']), slotTimeMs });
  const [rpcUrl, wsUrl] = [chain.rpcUrls[0] as string, chain.wsUrls[0] as string];
  const proxy = await startFaultProxy({ rpcUrl, wsUrl });
  const client = await new mongo.MongoClient(uri).connect();
  const db = client.db(`mooring_bench_${randomBytes(6).toString('hex')}`);
  let fleet: Fleet | undefined;
  const undo: (() => void)[] = [];
  try {
    const direct = new CouponsClient(rpcUrl, wsUrl);
    const open = () => Promise.all(Array.from({ length: shops }, () => openShop()));
    const [ours, theirs] = [await open(), await open()];
    const environment = {
      ...{ SOLANA_RPC_URL: proxy.rpcUrl, SOLANA_WS_URL: proxy.wsUrl, MONGODB_URI: uri, PROGRAMS: 'coupons' },
      ...{ MONGODB_DATABASE: db.databaseName, LOG_LEVEL: 'error', RATE_LIMIT_PER_MINUTE: '1000000' },
      SIGNER_SECRET_KEYS: ours.map(({ signer }) => bs58.encode(signer.secretKey)).join(','),
    };
    const { token } = await new ApiKeys(db, clock).create('bench', ['write']);
    const firstPort = await findFreePorts();
    fleet = new Fleet({ apis: 1, workers: 1, environment, firstPort, random: Math.random });
    await fleet.ready();
    const url = () => fleet?.urls[0] ?? '';
    const write = (path: string, body: Readonly<Record<string, unknown>>) =>
      writeUntilAnswered(
        { url, path, key: randomUUID(), body },
        { token, onRepeat: () => undefined, patienceMs: PATIENCE_MS },
      );

    progress(`transactions: ${clients} clients write for ${quietMs / 1_000} s`);
    await Promise.all(ours.map(({ signer }) => write('/api/promotions', promotionOf(signer))));
    const startedMs = clock.monotonic();
    const latencies: number[] = [];
    await Promise.all(
      Array.from({ length: clients }, async (_, number) => {
        const shop = ours[number % ours.length] as (typeof ours)[number];
        while (clock.monotonic() - startedMs < quietMs) {
          const sentMs = clock.monotonic();
          const answer = await write('/api/promotions', promotionOf(shop.signer));
          if (answer.kind !== 'landed') throw new Error(`a promotion was refused: ${answer.reason}`);
          latencies.push(clock.monotonic() - sentMs);
        }
      }),
    );
    const seconds = (clock.monotonic() - startedMs) / 1_000;

    progress(`transactions: ${mints} mints each by mooring and by a plain loop, over a network that fails`);
    const faults = breakWrites([proxy], BAD_DAY, seededRandom(SEED));
    proxy.dropMessages(LOST_NOTIFICATIONS, SEED);
    const uncaught = countUncaught();
    undo.push(uncaught.stop);
    const plainClient = new CouponsClient(proxy.rpcUrl, proxy.wsUrl);
    const [askedOurs, askedTheirs] = await Promise.all([
      mintAll(ours, mints, async ({ signer, promotion }, recipient) => {
        const body = { authority: signer.publicKey.toBase58(), promotion: promotion.toBase58() };
        return (await write('/api/coupons', { ...body, recipient: recipient.toBase58() })).kind === 'landed';
      }),
      mintAll(theirs, mints, (shop, recipient) => mintPlainly(plainClient, shop, recipient, PLAIN_TRIES)),
    ]);
    proxy.heal();
    // What a node was still trying to place is on chain by then, or never.
    await clock.sleep(BAD_DAY.droppedMs + 10 * slotTimeMs);
    const events = await allEvents(direct.sender.connection);
    return {
      ...{ chain: chain.kind, slotTimeMs, faults },
      quiet: {
        landed: latencies.length,
        perSecond: rounded(latencies.length / seconds, 1),
        p50Ms: rounded(percentile(latencies, 0.5)),
        p99Ms: rounded(percentile(latencies, 0.99)),
      },
      plain: tallyMints(askedTheirs, events),
      plainUncaught: uncaught.count(),
      mooring: tallyMints(askedOurs, events),
    };

    async function openShop() {
      const signer = Keypair.generate();
      await chain.fund(signer.publicKey, PURSE_LAMPORTS);
      await direct.registerMerchant(signer, 'Shop of a bench');
      await direct.createPromotion(signer, { promotionId: 0n });
      const { at } = direct;
      return { signer, promotion: at.promotion(at.merchant(signer.publicKey), 0n) };
    }
  } finally {
    for (const step of undo) step();
    await fleet?.stop();
    await proxy.stop();
    await db.dropDatabase();
    await client.close();
    await chain.stop();
  }
}

/** Keeps this process alive through rejections that nobody handles, and counts them. */
function countUncaught() {
  let count = 0;
  const note = () => void (count += 1);
  process.on('unhandledRejection', note);
  return { count: () => count, stop: () => void process.off('unhandledRejection', note) };
}

/** Each shop mints its share, one after another, each coupon for a person of its own. */
async function mintAll<Shop>(
  shops: readonly Shop[],
  count: number,
  mint: (shop: Shop, recipient: Keypair['publicKey']) => Promise<boolean>,
): Promise<AskedMint[]> {
  const each = await Promise.all(
    shops.map(async (shop, place) => {
      const asked: AskedMint[] = [];
      for (let number = place; number < count; number += shops.length) {
        const recipient = Keypair.generate().publicKey;
        asked.push({ recipient: recipient.toBase58(), toldLanded: await mint(shop, recipient) });
      }
      return asked;
    }),
  );
  return each.flat();
}

function promotionOf(signer: Keypair): Readonly<Record<string, unknown>> {
  return {
    ...{ authority: signer.publicKey.toBase58(), title: 'Two for one', description: 'Of a bench', discountBps: 500 },
    ...{ maxSupply: 100, resaleFeeBps: 0, expiresAt: '2099-01-01T00:00:00Z' },
  };
}
