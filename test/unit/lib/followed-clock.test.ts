import { expect, it } from 'vitest';
import { aheadMs, FollowedClock } from '../../../src/lib/followed-clock.js';
import { HandClock } from './hand-clock.js';

const HOUR = 3_600_000;
/** Ours: its wall clock is an hour ahead of the other one, which is its monotonic time and a million. */
function open() {
  const hand = new HandClock();
  const theirs = () => 1_000_000 + hand.monotonic();
  const own = { now: () => theirs() + HOUR, monotonic: hand.monotonic, sleep: hand.sleep };
  const followed = new FollowedClock(own);
  /** Asked now, with so long on the way there and back. */
  const ask = async (thereMs: number, backMs: number, off = 0) => {
    const askedMs = hand.monotonic();
    await hand.pass(thereMs);
    const theirMs = theirs() + off;
    await hand.pass(backMs);
    const reading = { theirMs, askedMs, answeredMs: hand.monotonic() };
    followed.take(reading);
    return reading;
  };
  return { hand, theirs, own, followed, ask };
}

it('is our own until the other one was read', () => {
  const { own, followed } = open();
  expect(followed.now()).toBe(own.now());
});

it.each([
  [0, 0],
  [200, 0],
  [0, 200],
  [90, 110],
])('is never ahead of the other one, and behind it by no more than the way back (%i, %i ms)', async (there, back) => {
  const { hand, theirs, followed, ask } = open();
  await ask(there, back);
  for (const ms of [0, 1, 500, 9_499]) {
    await hand.pass(ms);
    expect(followed.now()).toBeLessThanOrEqual(theirs());
    // By what one may drift from the other meanwhile as well.
    expect(theirs() - followed.now()).toBeLessThanOrEqual(back + 6);
  }
});

it('an answer that came slowly does not spoil what a fast one said', async () => {
  const { theirs, followed, ask } = open();
  await ask(1, 0);
  await ask(0, 2_000);
  expect(theirs() - followed.now()).toBeLessThanOrEqual(2);
  expect(followed.now()).toBeLessThanOrEqual(theirs());
});

it('follows the other one back when it is set back', async () => {
  const { theirs, followed, ask } = open();
  await ask(1, 1);
  await ask(1, 1, -30_000);
  expect(followed.now()).toBeLessThanOrEqual(theirs() - 30_000);
  expect(followed.now()).toBeGreaterThan(theirs() - 30_010);
});

it('says by how much ours is surely off, and nothing of what the way there and back may explain', async () => {
  const { hand, own, theirs, ask } = open();
  const reading = await ask(100, 300);
  expect(aheadMs(reading, own)).toBeGreaterThan(HOUR - 500);
  const near = (offMs: number) => ({ now: () => theirs() + offMs, monotonic: hand.monotonic });
  expect(aheadMs(reading, near(0))).toBe(0);
  expect(aheadMs(reading, near(90))).toBe(0);
  expect(aheadMs(reading, near(5_000))).toBeGreaterThan(4_500);
  expect(aheadMs(reading, near(-5_000))).toBeLessThan(-4_500);
});
