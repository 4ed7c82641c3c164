import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BoundedQueue } from '../../../src/lib/bounded-queue.js';

it('refuses what it has no room for, and takes again when there is room (TRAPS 8)', async () => {
  const queue = new BoundedQueue<number>(2);
  expect([queue.offer(1), queue.offer(2), queue.offer(3)]).toEqual([true, true, false]);
  expect(await queue.take(1)).toEqual([1]);
  expect(queue.offer(4)).toBe(true);
  expect(await queue.take(10)).toEqual([2, 4]);
});

it('wakes a consumer that waits', async () => {
  const queue = new BoundedQueue<string>(5);
  const taken = queue.take(5);
  queue.offer('first');
  expect(await taken).toEqual(['first']);
});

it('hands out what waits after it was closed, then an empty batch for ever', async () => {
  const queue = new BoundedQueue<number>(5);
  queue.offer(1);
  queue.close();
  expect(queue.offer(2)).toBe(false);
  expect(await queue.take(5)).toEqual([1]);
  expect(await queue.take(5)).toEqual([]);
});

it('ends a wait by closing', async () => {
  const queue = new BoundedQueue<number>(5);
  const taken = queue.take(5);
  queue.close();
  expect(await taken).toEqual([]);
});

it('keeps the order and loses nothing it accepted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(fc.nat(), { nil: null })),
      fc.integer({ min: 1, max: 5 }),
      async (steps, max) => {
        const queue = new BoundedQueue<number>(4);
        const accepted: number[] = [];
        const taken: number[] = [];
        for (const step of steps) {
          if (step === null) {
            if (queue.size > 0) taken.push(...(await queue.take(max)));
          } else if (queue.offer(step)) accepted.push(step);
        }
        queue.close();
        for (let batch = await queue.take(max); batch.length > 0; batch = await queue.take(max)) taken.push(...batch);
        expect(taken).toEqual(accepted);
      },
    ),
  );
});
