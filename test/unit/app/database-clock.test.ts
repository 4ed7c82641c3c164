import { expect, it } from 'vitest';
import { followDatabaseClock } from '../../../src/app/database-clock.js';
import type { Log } from '../../../src/lib/log.js';
import { HandClock } from '../lib/hand-clock.js';

function open(offMs: number) {
  const hand = new HandClock();
  const said: string[] = [];
  const log = {
    debug: () => {},
    info: (_: object, words: string) => void said.push(`info ${words}`),
    warn: (_: object, words: string) => void said.push(`warn ${words}`),
    error: () => {},
  } as unknown as Log;
  const own = { off: offMs };
  const clock = { now: () => 1_000_000 + hand.now() + own.off, monotonic: hand.monotonic, sleep: hand.sleep };
  return { hand, said, log, own, clock };
}

it('counts from the first reading on, each beat anew, and a clock that is off is said once', async () => {
  const { hand, said, log, own, clock } = open(60_000);
  const database = await followDatabaseClock({ clock, log, readTime: async () => 1_000_000 + hand.now() });
  expect(database.clock.now()).toBe(1_000_000);
  await hand.pass(10_000);
  await hand.pass(10_000);
  expect(said).toEqual([expect.stringMatching(/^warn .*ahead of the database's/)]);
  own.off = 0;
  await hand.pass(10_000);
  expect(said).toHaveLength(2);
  await database.stop();
  expect(hand.sleepers).toBe(0);
});

it('what cannot be read leaves it as it was, and a database that does not tell leaves us our own', async () => {
  const { hand, log, clock } = open(60_000);
  let isUp = true;
  const readTime = async () => {
    if (!isUp) throw new Error('no primary');
    return 1_000_000 + hand.now();
  };
  const database = await followDatabaseClock({ clock, log, readTime });
  isUp = false;
  await hand.pass(10_000);
  expect(database.clock.now()).toBeLessThanOrEqual(1_010_000);
  expect(database.clock.now()).toBeGreaterThan(1_009_900);
  await database.stop();
  const silent = await followDatabaseClock({ clock, log, readTime: () => Promise.resolve(null) });
  expect(silent.clock.now()).toBe(clock.now());
  await silent.stop();
});

it('does not begin without it', async () => {
  const { log, clock } = open(0);
  const readTime = () => Promise.reject(new Error('no primary'));
  await expect(followDatabaseClock({ clock, log, readTime })).rejects.toThrow('no primary');
});
