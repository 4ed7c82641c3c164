import { expect, it } from 'vitest';
import { repeat } from '../../../src/lib/repeat.js';
import { HandClock, settled } from './hand-clock.js';

function start(task: () => Promise<unknown>, isFatal?: (error: unknown) => boolean) {
  const clock = new HandClock();
  const stop = new AbortController();
  const errors: unknown[] = [];
  const repeating = repeat(clock, 100, stop.signal, task, (error) => errors.push(error), isFatal);
  return { clock, stop, errors, repeating };
}

it('runs at once, then each time after its end', async () => {
  let runs = 0;
  const { clock, stop, repeating } = start(() => Promise.resolve((runs += 1)));
  await settled();
  expect(runs).toBe(1);
  await clock.pass(99);
  expect(runs).toBe(1);
  await clock.pass(1);
  expect(runs).toBe(2);
  stop.abort();
  await repeating.ended;
  expect(clock.sleepers).toBe(0);
});

it('runs again at once when asked during a run, and never twice at the same time', async () => {
  const ends: (() => void)[] = [];
  let running = 0;
  const { stop, repeating } = start(async () => {
    expect((running += 1)).toBe(1);
    await new Promise<void>((resolve) => ends.push(resolve));
    running -= 1;
  });
  repeating.soon();
  repeating.soon();
  await settled();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await settled();
  expect(ends).toHaveLength(2);
  stop.abort();
  ends[1]?.();
  await repeating.ended;
});

it('cuts the rest short when asked', async () => {
  let runs = 0;
  const { stop, repeating } = start(() => Promise.resolve((runs += 1)));
  await settled();
  repeating.soon();
  await settled();
  expect(runs).toBe(2);
  stop.abort();
  await repeating.ended;
});

it('reports a failure and goes on', async () => {
  const failure = new Error('once');
  let runs = 0;
  const { clock, stop, errors, repeating } = start(() =>
    (runs += 1) === 1 ? Promise.reject(failure) : Promise.resolve(),
  );
  await settled();
  await clock.pass(100);
  expect([runs, errors]).toEqual([2, [failure]]);
  stop.abort();
  await repeating.ended;
});

it('ends with an error that is fatal', async () => {
  const fatal = new Error('the lease is gone');
  const { repeating } = start(
    () => Promise.reject(fatal),
    (error) => error === fatal,
  );
  await expect(repeating.ended).rejects.toBe(fatal);
});
