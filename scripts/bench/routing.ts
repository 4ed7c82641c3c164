import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { NodeDirectory } from '../../src/leases/node-directory.js';
import { readHolder } from '../../src/leases/read-holder.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import { repeat } from '../../src/lib/repeat.js';
import { rounded } from './figures.js';
import type { Progress } from './progress.js';
import { RoutingNodes } from './routing-nodes.js';

export interface RoutingOptions {
  readonly nodes: number;
  readonly keys: number;
  readonly termMs: number;
  /** One node is killed, and another one started in its place, this often. */
  readonly killEveryMs: number;
  readonly durationMs: number;
  readonly asksPerSecond: number;
}

/** How often a router that knows the nodes alone names the one that holds a key. */
export interface RoutingReport {
  readonly nodes: number;
  readonly keys: number;
  readonly termMs: number;
  readonly kills: number;
  readonly asked: number;
  readonly hits: number;
  readonly hitRate: number;
  /** Of the rest: nobody alive held the lease. */
  readonly unheld: number;
  /** Of the rest: another node that lives held it. */
  readonly heldElsewhere: number;
}

const PATIENCE_MS = 60_000;
const LOOKS_PER_TERM = 5;

/** Routes random keys while nodes are killed; the router is this process, every node has its own. */
export async function benchRouting(uri: string, options: RoutingOptions, progress: Progress): Promise<RoutingReport> {
  const { termMs, killEveryMs, durationMs, asksPerSecond } = options;
  const keys = Array.from({ length: options.keys }, (_, index) => `signer:${index}`);
  const database = `mooring_bench_${randomBytes(6).toString('hex')}`;
  const client = await new mongo.MongoClient(uri).connect();
  const db = client.db(database);
  const nodes = new RoutingNodes({ uri, database, termMs, keys });
  const directory = new NodeDirectory({ db, clock, termMs });
  const stop = new AbortController();
  const looking = repeat(
    clock,
    termMs / LOOKS_PER_TERM,
    stop.signal,
    () => directory.look(),
    (error) => progress(`routing: the router could not look: ${String(error)}`),
  );
  const tally = { asked: 0, hits: 0, unheld: 0, heldElsewhere: 0 };
  let kills = 0;
  try {
    for (let started = 0; started < options.nodes; started++) nodes.start();
    progress(`routing: waiting until ${options.nodes} nodes share ${keys.length} keys`);
    await allRoutedRight();
    progress(`routing: ${durationMs / 1_000} s, one node killed every ${killEveryMs / 1_000} s`);
    const begunMs = clock.monotonic();
    while (clock.monotonic() - begunMs < durationMs) {
      if (clock.monotonic() - begunMs >= (kills + 1) * killEveryMs) {
        kills += 1;
        await nodes.replaceOldest();
      }
      await ask(keys[Math.floor(Math.random() * keys.length)] as string);
      const dueMs = begunMs + (tally.asked * 1_000) / asksPerSecond;
      await clock.sleep(Math.max(0, dueMs - clock.monotonic()));
    }
  } finally {
    stop.abort();
    await looking.ended;
    await nodes.stop();
    await db.dropDatabase();
    await client.close();
  }
  const { nodes: count } = options;
  const hitRate = rounded(tally.hits / tally.asked, 4);
  return { nodes: count, keys: keys.length, termMs, kills, ...tally, hitRate };

  async function ask(key: string): Promise<void> {
    const preferred = directory.preferred(key);
    const holder = await readHolder(db, key);
    tally.asked += 1;
    if (!holder || !nodes.lives(holder)) tally.unheld += 1;
    else if (holder === preferred) tally.hits += 1;
    else tally.heldElsewhere += 1;
  }

  async function allRoutedRight(): Promise<void> {
    const deadline = clock.monotonic() + PATIENCE_MS;
    for (;;) {
      const live = directory.live();
      const holders = await Promise.all(keys.map((key) => readHolder(db, key)));
      const isRight = holders.every((holder, index) => holder && holder === directory.preferred(keys[index] as string));
      if (live.length === options.nodes && live.every(({ isSettled }) => isSettled) && isRight) return;
      if (clock.monotonic() > deadline) throw new Error('the nodes do not come to share the keys');
      await clock.sleep(termMs / LOOKS_PER_TERM);
    }
  }
}
