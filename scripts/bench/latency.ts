import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Connection, Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import { mongo } from 'mongoose';
import { CouponsClient } from '../../src/dev/coupons-client.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import { nodeArguments } from '../../src/dev/node-arguments.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { readListenerStatus } from '../../src/ledger/listener-status.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import { percentile, rounded } from './figures.js';
import type { Progress } from './progress.js';

export interface LatencyOptions {
  /** Events of each channel. */
  readonly events: number;
  readonly slotTimesMs: readonly number[];
}

/** Milliseconds from `confirmed`, as an independent subscriber heard it, to the document being readable. */
export interface LatencyFigures {
  readonly events: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** One slot time: `emit!` events say everything in their notice, `emit_cpi!` events need the transaction fetched. */
export interface LatencyRow {
  readonly slotTimeMs: number;
  readonly log: LatencyFigures;
  readonly cpi: LatencyFigures;
}

/** What `npm run bench -- latency` measures. */
export interface LatencyReport {
  readonly slots: readonly LatencyRow[];
}

/** Users who act at the same time, each on a promotion of their own. */
const LANES = 10;
const POLL_MS = 3;
/** A worker that needs longer than this to listen, or a document to appear, is broken. */
const PATIENCE_MS = 60_000;
const WORKER = nodeArguments('../../workers/event-listener.worker', import.meta.url);

/** Plays traffic on an embedded chain that an event worker in a process of its own follows. */
export async function benchLatency(uri: string, options: LatencyOptions, progress: Progress): Promise<LatencyReport> {
  const slots: LatencyRow[] = [];
  for (const slotTimeMs of options.slotTimesMs) {
    progress(`latency: ${options.events} log events and as many CPI events at slots of ${slotTimeMs} ms`);
    slots.push(await benchSlotTime(uri, slotTimeMs, options.events));
  }
  return { slots };
}

async function benchSlotTime(uri: string, slotTimeMs: number, events: number): Promise<LatencyRow> {
  const database = `mooring_bench_${randomBytes(6).toString('hex')}`;
  const client = await new mongo.MongoClient(uri).connect();
  const chain = await startChain({ kind: 'surfnet', programs: projectPrograms(['coupons']), slotTimeMs });
  const worker = startWorker(chain, uri, database);
  try {
    const db = client.db(database);
    await waitUntilListening(worker, db);
    const watch = await watchChain(chain);
    const minted = new Readable(db, 'coupons');
    const commented = new Readable(db, 'comments');
    await playTraffic(chain, Math.ceil(events / LANES), minted, commented);
    const figures = {
      slotTimeMs,
      log: await minted.latencies(watch.heardAt),
      cpi: await commented.latencies(watch.heardAt),
    };
    await watch.stop();
    return figures;
  } finally {
    await stopWorker(worker);
    await chain.stop();
    await client.db(database).dropDatabase();
    await client.close();
  }
}

/** Notes when documents become readable, by asking for all that are still missing every few milliseconds. */
class Readable {
  readonly #signatures = new Map<string, Promise<string>>();
  readonly #missing = new Set<string>();
  readonly #seenAt = new Map<string, number>();
  #polling: Promise<void> | undefined;

  constructor(
    readonly db: mongo.Db,
    readonly collection: string,
  ) {}

  /** A transaction that makes the document `id` is being sent. */
  async expect(id: string, sent: Promise<{ readonly signature: string }>): Promise<void> {
    this.#signatures.set(
      id,
      sent.then(({ signature }) => signature),
    );
    this.#missing.add(id);
    this.#polling ??= this.#poll();
    await sent;
  }

  /** Waits for every document. */
  async latencies(heardAt: ReadonlyMap<string, number>): Promise<LatencyFigures> {
    await this.#polling;
    const latencies: number[] = [];
    for (const [id, sent] of this.#signatures) {
      const heard = heardAt.get(await sent);
      if (heard === undefined) throw new Error(`the independent subscriber never heard of the transaction of ${id}`);
      // The worker's socket may hear of it before ours: then there was nothing to wait for.
      latencies.push(Math.max(0, (this.#seenAt.get(id) ?? Number.NaN) - heard));
    }
    return {
      events: latencies.length,
      p50Ms: rounded(percentile(latencies, 0.5), 1),
      p99Ms: rounded(percentile(latencies, 0.99), 1),
      maxMs: rounded(Math.max(...latencies), 1),
    };
  }

  async #poll(): Promise<void> {
    let lastSeenAt = clock.monotonic();
    while (this.#missing.size > 0) {
      const found = await this.db
        .collection<{ _id: string }>(this.collection)
        .find({ _id: { $in: [...this.#missing] } }, { projection: { _id: 1 } })
        .toArray();
      const now = clock.monotonic();
      for (const { _id } of found) {
        this.#missing.delete(_id);
        this.#seenAt.set(_id, now);
        lastSeenAt = now;
      }
      if (now - lastSeenAt > PATIENCE_MS)
        throw new Error(`${this.#missing.size} ${this.collection} never became readable`);
      await clock.sleep(POLL_MS);
    }
    this.#polling = undefined;
  }
}

/** A logs subscription that has nothing to do with mooring's. */
async function watchChain(chain: DevChain) {
  const heardAt = new Map<string, number>();
  const connection = connect(chain);
  const [program] = projectPrograms(['coupons']);
  if (!program) throw new Error('the coupons program is not built');
  const subscription = connection.onLogs(
    program.address,
    ({ signature }) => heardAt.set(signature, heardAt.get(signature) ?? clock.monotonic()),
    'confirmed',
  );
  // web3.js does not say when the node has accepted it.
  await clock.sleep(1_000);
  return {
    heardAt,
    stop: async () => {
      await connection.removeOnLogsListener(subscription);
      // web3.js closes a socket that nobody uses after half a second; before that it would complain of the chain's end.
      await clock.sleep(1_000);
    },
  };
}

/** Each lane mints a coupon (`emit!`) and adds a comment (`emit_cpi!`), again and again. */
async function playTraffic(chain: DevChain, perLane: number, minted: Readable, commented: Readable): Promise<void> {
  const { rpcUrl, wsUrl } = urlsOf(chain);
  const client = new CouponsClient(rpcUrl, wsUrl);
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      const merchant = Keypair.generate();
      await chain.fund(merchant.publicKey, 100 * LAMPORTS_PER_SOL);
      await client.registerMerchant(merchant, 'Bench');
      await client.createPromotion(merchant);
      const promotion = client.at.promotion(client.at.merchant(merchant.publicKey), 1n);
      for (let n = 0; n < perLane; n++) {
        const coupon = client.at.coupon(promotion, n).toBase58();
        const comment = client.at.comment(promotion, n).toBase58();
        await minted.expect(coupon, client.mintCoupon(merchant, promotion, merchant.publicKey, n));
        await commented.expect(comment, client.addComment(merchant, promotion, 'Good coffee', n));
      }
    }),
  );
}

function startWorker(chain: DevChain, uri: string, database: string): ChildProcess {
  const { rpcUrl, wsUrl } = urlsOf(chain);
  return spawn(process.execPath, WORKER, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      SOLANA_RPC_URL: rpcUrl,
      SOLANA_WS_URL: wsUrl,
      MONGODB_URI: uri,
      MONGODB_DATABASE: database,
      LOG_LEVEL: 'error',
    },
  });
}

async function waitUntilListening(worker: ChildProcess, db: mongo.Db): Promise<void> {
  const deadline = clock.monotonic() + PATIENCE_MS;
  while (!(await readListenerStatus(db, 'coupons'))?.isListening) {
    if (worker.exitCode !== null) throw new Error(`the event worker ended with ${worker.exitCode}`);
    if (clock.monotonic() > deadline) throw new Error('the event worker does not listen');
    await clock.sleep(100);
  }
}

async function stopWorker(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill('SIGTERM');
  const forced = setTimeout(() => worker.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(forced);
}

function urlsOf(chain: DevChain): { readonly rpcUrl: string; readonly wsUrl: string } {
  const [[rpcUrl], [wsUrl]] = [chain.rpcUrls, chain.wsUrls];
  if (!rpcUrl || !wsUrl) throw new Error('the chain has no endpoint');
  return { rpcUrl, wsUrl };
}

function connect(chain: DevChain): Connection {
  const { rpcUrl, wsUrl } = urlsOf(chain);
  return new Connection(rpcUrl, { commitment: 'confirmed', wsEndpoint: wsUrl });
}
