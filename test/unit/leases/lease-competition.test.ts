import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { competeForKeys } from '../../../src/leases/lease-competition.js';
import { NodeDirectory } from '../../../src/leases/node-directory.js';
import { preferredNode } from '../../../src/leases/rendezvous.js';
import { MemoryServer } from '../../simulation/memory-mongo/memory-server.js';
import { recordingLog } from '../chain/recording-log.js';
import { HandClock } from '../lib/hand-clock.js';

const TERM_MS = 3_000;
const STEPS_PER_TERM = 30;
const STEP_MS = TERM_MS / STEPS_PER_TERM;
const KEYS = Array.from({ length: 12 }, (_, index) => `signer:${index}`);
const [A, B] = ['node a', 'node b'];
const ofA = KEYS.filter((key) => preferredNode(key, [A, B]) === A);
const ofB = KEYS.filter((key) => preferredNode(key, [A, B]) === B);

let clock: HandClock;
let server: MemoryServer;
/** Each thing that happened, in its order. */
let happened: string[];
let running: ReturnType<typeof competeForKeys>[];
beforeEach(() => {
  [clock, happened, running] = [new HandClock(), [], []];
  server = new MemoryServer(clock);
});
afterEach(async () => {
  for (const competition of running) void competition.stop();
  await pass(TERM_MS);
});

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) await clock.pass(STEP_MS);
}

/** A process; a frozen one gets no answers. */
function start(holder: string, { keys = KEYS, endsAfterMs = 0 } = {}) {
  let isFrozen = false;
  const db = server.connect({ step: () => (isFrozen ? new Promise<void>(() => {}) : Promise.resolve()) });
  const competition = competeForKeys({
    ...{ db, clock, log: recordingLog(), holder, termMs: TERM_MS, keys },
    work: async (key, _, lost) => {
      happened.push(`${holder} begins ${key}`);
      while (!lost.aborted) await clock.sleep(60_000, lost);
      await clock.sleep(endsAfterMs);
      happened.push(`${holder} ends ${key}`);
    },
  });
  running.push(competition);
  return { ...competition, freeze: () => (isFrozen = true), sorted: () => inOrder(competition.holds()) };
}

function inOrder(keys: readonly string[]): string[] {
  return KEYS.filter((key) => keys.includes(key));
}

describe('processes that share keys (004-1.3)', () => {
  it('have all of them when alone, and give up in order what belongs to another one that is settled', async () => {
    const a = start(A, { endsAfterMs: STEP_MS });
    await pass(TERM_MS);
    expect(a.sorted()).toEqual(KEYS);
    const b = start(B);
    await pass(TERM_MS * 0.9);
    expect([a.sorted(), b.sorted()]).toEqual([KEYS, []]);
    await pass(TERM_MS);
    expect([a.sorted(), b.sorted()]).toEqual([ofA, ofB]);
    for (const key of ofB) {
      const [ends, begins] = [happened.indexOf(`${A} ends ${key}`), happened.indexOf(`${B} begins ${key}`)];
      expect(ends).toBeGreaterThan(-1);
      expect(begins).toBeGreaterThan(ends);
    }
    expect(happened.filter((line) => ofA.some((key) => line.endsWith(` ${key}`)))).toHaveLength(ofA.length);
  });

  it('hand everything over well within a term when one stops in order', async () => {
    const [a, b] = [start(A), start(B)];
    await pass(TERM_MS * 3);
    expect([a.sorted(), b.sorted()]).toEqual([ofA, ofB]);
    const stopping = a.stop();
    await pass(TERM_MS / 2);
    await stopping;
    expect(b.sorted()).toEqual(KEYS);
  });

  it('hold the keys of a dead one within two terms of its death (004-1.1)', async () => {
    const [a, b] = [start(A), start(B)];
    await pass(TERM_MS * 3);
    a.freeze();
    await pass(TERM_MS * 0.6);
    expect(b.sorted()).toEqual(ofB);
    await pass(TERM_MS * 1.4);
    expect(b.sorted()).toEqual(KEYS);
  });

  it('contend only for what they serve', async () => {
    const [few, all] = [start(A, { keys: KEYS.slice(0, 3) }), start(B)];
    await pass(TERM_MS * 3);
    expect(few.sorted()).toEqual(inOrder(KEYS.slice(0, 3).filter((key) => ofA.includes(key))));
    expect(all.sorted()).toEqual(KEYS.filter((key) => !few.holds().includes(key)));
  });

  it('are found at once by a router for more than 95 % of its requests while one dies every ten terms', async () => {
    const living = ['node 0', 'node 1', 'node 2', 'node 3'].map((name) => ({ name, ...start(name) }));
    const db = server.connect({ step: () => Promise.resolve() });
    const router = new NodeDirectory({ db, clock, termMs: TERM_MS });
    const leases = db.collection<{ _id: string; holder: string }>('leases');
    let [asked, hits] = [0, 0];
    for (let step = 0; step < 40 * STEPS_PER_TERM; step++) {
      if (step % (10 * STEPS_PER_TERM) === 5 * STEPS_PER_TERM) {
        living.shift()?.freeze();
        living.push({ name: `born at ${step}`, ...start(`born at ${step}`) });
      }
      await clock.pass(STEP_MS);
      if (step % 6 === 0) await router.look();
      if (step < 5 * STEPS_PER_TERM) continue;
      const key = KEYS[asked++ % KEYS.length] as string;
      const holder = (await leases.findOne({ _id: key }))?.holder;
      if (holder === router.preferred(key) && living.some(({ name }) => name === holder)) hits += 1;
    }
    expect(hits / asked).toBeGreaterThan(0.95);
  });
});
