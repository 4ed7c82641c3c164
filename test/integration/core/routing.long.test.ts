import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeArguments } from '../../../src/dev/node-arguments.js';
import { preferredNode } from '../../../src/leases/rendezvous.js';
import { eventually } from '../../support/eventually.js';
import { openBenchStore } from './bench-store.js';

/** Long enough that a healthy node is not taken for dead where the database and the machine serve other tests as well. */
const TERM_MS = 2_500;
/** For a busy machine, on top of what is promised. */
const MARGIN_MS = 8_000;
const KEYS = Array.from({ length: 40 }, (_, index) => `signer:${index}`);

interface Lease {
  readonly _id: string;
  readonly holder: string;
  readonly fence: number;
}

interface Node {
  readonly process: ChildProcess;
  begin(): void;
  readonly refused: string[];
  readonly ended: Promise<unknown>;
}

let store: Awaited<ReturnType<typeof openBenchStore>>;
let nodes: Map<string, Node>;
beforeEach(async () => {
  store = await openBenchStore();
  nodes = new Map();
  // Collections come into being outside of transactions.
  await store.db.createCollection('writes');
  await store.db.collection<{ _id: string }>('counters').insertMany(KEYS.map((_id) => ({ _id, number: 0 })));
});
afterEach(async () => {
  for (const { process, ended } of nodes.values()) {
    process.kill('SIGKILL');
    await ended;
  }
  await store.close();
});

/** Ready to begin: a busy machine takes seconds to get there. */
function start(holder: string): void {
  const script = nodeArguments('./competing-process', import.meta.url);
  const args = [...script, store.uri, store.name, String(TERM_MS), holder, KEYS.join(',')];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const refused: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => refused.push(line));
  const begin = () => void child.stdin.write('\n');
  nodes.set(holder, { process: child, begin, refused, ended: once(child, 'exit') });
}

async function leases(): Promise<Map<string, Lease>> {
  const found = await store.db
    .collection<Lease>('leases')
    .find({ _id: { $in: KEYS } })
    .toArray();
  return new Map(found.map((lease) => [lease._id, lease]));
}

/** Waits until each key is held by the node it belongs to among these. */
function shared(holders: readonly string[], timeoutMs: number): Promise<Map<string, Lease>> {
  return eventually(
    async () => {
      const now = await leases();
      const wrong = KEYS.filter((key) => now.get(key)?.holder !== preferredNode(key, holders));
      if (wrong.length > 0) throw new Error(`${wrong.length} keys are not where they belong, ${wrong[0]} first`);
      return now;
    },
    { timeoutMs },
  );
}

/** Those that did not change hands, not even for a moment. */
function kept(before: Map<string, Lease>, after: Map<string, Lease>): string[] {
  return KEYS.filter((key) => before.get(key)?.fence === after.get(key)?.fence);
}

function ofHolder(held: Map<string, Lease>, holder: string): string[] {
  return KEYS.filter((key) => held.get(key)?.holder === holder);
}

function notOf(held: Map<string, Lease>, holder: string): string[] {
  return KEYS.filter((key) => held.get(key)?.holder !== holder);
}

it(
  'shares 40 keys among 4 nodes: a dead or frozen one loses its own alone within two terms, gets its share back, and never ' +
    'do writes of two holders of a key both succeed (004-1.1, 004-1.3, I8)',
  async () => {
    for (const holder of ['a', 'b', 'c', 'd', 'a2']) start(holder);
    for (const holder of ['a', 'b', 'c', 'd']) nodes.get(holder)?.begin();
    const all = await shared(['a', 'b', 'c', 'd'], 60_000);
    for (const holder of ['a', 'b', 'c', 'd']) expect(ofHolder(all, holder).length).toBeGreaterThan(0);

    nodes.get('a')?.process.kill('SIGKILL');
    const withoutA = await shared(['b', 'c', 'd'], 2 * TERM_MS + MARGIN_MS);
    expect(kept(all, withoutA)).toEqual(notOf(all, 'a'));

    nodes.get('a2')?.begin();
    const withA2 = await shared(['a2', 'b', 'c', 'd'], 20_000);
    expect(kept(withoutA, withA2)).toEqual(notOf(withA2, 'a2'));

    const frozen = nodes.get('b');
    frozen?.process.kill('SIGSTOP');
    const withoutB = await shared(['a2', 'c', 'd'], 2 * TERM_MS + MARGIN_MS);
    expect(kept(withA2, withoutB)).toEqual(notOf(withA2, 'b'));
    frozen?.process.kill('SIGCONT');
    const again = await shared(['a2', 'b', 'c', 'd'], 3 * TERM_MS + MARGIN_MS);
    expect(ofHolder(again, 'b')).toEqual(ofHolder(withA2, 'b'));
    expect(kept(withoutB, again)).toEqual(notOf(again, 'b'));
    expect(frozen?.refused.length).toBeGreaterThan(0);

    const stopping = nodes.get('c');
    stopping?.process.kill('SIGTERM');
    await stopping?.ended;
    expect(stopping?.process.exitCode).toBe(0);
    expect(ofHolder(await leases(), 'c')).toEqual([]);
    await shared(['a2', 'b', 'd'], TERM_MS + MARGIN_MS);

    const writes = await store.db
      .collection<{ key: string; number: number; fence: number; holder: string }>('writes')
      .find()
      .sort({ key: 1, number: 1 })
      .toArray();
    for (const key of KEYS) {
      const ofKey = writes.filter((write) => write.key === key);
      expect(ofKey.map(({ number }) => number)).toEqual(ofKey.map((_, index) => index + 1));
      expect(ofKey.length).toBeGreaterThan(1);
      for (const [index, { fence, holder }] of ofKey.entries()) {
        const before = ofKey[index - 1];
        if (!before) continue;
        expect(fence).toBeGreaterThanOrEqual(before.fence);
        if (fence === before.fence) expect(holder).toBe(before.holder);
      }
    }
  },
);
