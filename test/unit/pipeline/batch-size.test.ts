import fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/lib/clock.js';
import { BatchSize, nextBatchSize } from '../../../src/pipeline/batch-size.js';

it('grows to what it may while full batches are quick', () => {
  const size = new BatchSize(2_000);
  expect(size.current).toBe(500);
  for (const [records, expected] of [
    [500, 1_000],
    [1_000, 2_000],
    [2_000, 2_000],
  ] as const) {
    size.learn(records, 100);
    expect(size.current).toBe(expected);
  }
});

it('learns nothing from small batches, which are quick everywhere', () => {
  expect(nextBatchSize(500, 2_000, 3, 1)).toBe(500);
});

it('halves what took too long until it does not', () => {
  // A server of 40 records a second.
  const size = new BatchSize(2_000);
  for (let batch = 0; batch < 10; batch++) size.learn(size.current, size.current * 25);
  expect(size.current * 25).toBeLessThanOrEqual(1_000);
});

it('is smaller after a batch that failed, which may have been too large', async () => {
  const size = new BatchSize(2_000);
  const refuse = () => size.learnFrom(systemClock, size.current, () => Promise.reject(new Error('too large')));
  for (const expected of [250, 125, 62]) {
    await expect(refuse()).rejects.toThrow('too large');
    expect(size.current).toBe(expected);
  }
  for (let batch = 0; batch < 9; batch++) await refuse().catch(() => undefined);
  expect(size.current).toBe(20);
  expect(await size.learnFrom(systemClock, 20, () => Promise.resolve('done'))).toBe('done');
  expect(size.current).toBe(40);
});

it('starts no larger than it may be', () => {
  expect(new BatchSize(7).current).toBe(7);
});

it('never leaves its bounds, whatever the server does', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 90_000 })));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), steps, (most, batches) => {
      const size = new BatchSize(most);
      for (const [records, tookMs] of batches) {
        size.learn(records, tookMs);
        expect(size.current).toBeGreaterThanOrEqual(Math.min(most, 20));
        expect(size.current).toBeLessThanOrEqual(most);
      }
    }),
  );
});
