import { describe, expect, it } from 'vitest';
import { PresenceWatch, showPresence } from '../../../src/leases/presence.js';
import { MemoryServer } from '../../simulation/memory-mongo/memory-server.js';
import { recordingLog } from '../chain/recording-log.js';
import { HandClock } from '../lib/hand-clock.js';

const TERM_MS = 3_000;

function setup() {
  const clock = new HandClock();
  const db = new MemoryServer(clock).connect({ step: () => Promise.resolve() });
  const leases = db.collection<{ _id: string; beat: number }>('leases');
  return {
    ...{ clock, db },
    watch: new PresenceWatch(db, clock, 'tester', TERM_MS),
    beat: () => leases.updateOne({ _id: 'presence:tester' }, { $inc: { beat: 1 } }, { upsert: true }),
  };
}

describe('whether a process of some kind lives', () => {
  it('nobody knows before it was watched for a term: then there is none', async () => {
    const { watch, clock } = setup();
    expect(await watch.look()).toBe('unknown');
    await clock.pass(TERM_MS - 1);
    expect(await watch.look()).toBe('unknown');
    await clock.pass(1);
    expect(await watch.look()).toBe('absent');
  });

  it('is not told by a beat that somebody left behind', async () => {
    const { watch, clock, beat } = setup();
    await beat();
    await clock.pass(TERM_MS * 5);
    expect(await watch.look()).toBe('unknown');
    await clock.pass(TERM_MS);
    expect(await watch.look()).toBe('absent');
  });

  it('is told by a beat that moves, and by its standing still for a term', async () => {
    const { watch, clock, beat } = setup();
    await beat();
    expect(await watch.look()).toBe('unknown');
    await clock.pass(1_000);
    await beat();
    expect(await watch.look()).toBe('lives');
    await clock.pass(TERM_MS - 1);
    expect(await watch.look()).toBe('unknown');
    await clock.pass(1);
    expect(await watch.look()).toBe('absent');
    await beat();
    expect(await watch.look()).toBe('lives');
  });

  it('is told by the first beat ever, where it was looked for before', async () => {
    const { watch, clock, beat } = setup();
    await watch.look();
    await clock.pass(TERM_MS);
    expect(await watch.look()).toBe('absent');
    await beat();
    expect(await watch.look()).toBe('lives');
  });
});

it('is shown often enough that nobody takes it for absent, until it ends', async () => {
  const { watch, clock, db } = setup();
  const stop = new AbortController();
  const shown = showPresence({ db, clock, log: recordingLog(), termMs: TERM_MS }, 'tester', stop.signal);
  await clock.pass(0);
  await watch.look();
  for (let ms = 0; ms < TERM_MS * 4; ms += TERM_MS / 3) {
    await clock.pass(TERM_MS / 3);
    expect(await watch.look()).toBe('lives');
  }
  stop.abort();
  await shown;
  await clock.pass(TERM_MS);
  expect(await watch.look()).toBe('absent');
});
