import { expect, it } from 'vitest';
import { ReadTurns } from '../../../src/push/read-turns.js';

it('lets so many work at once, the others in their order, and goes on after one that failed (000-9)', async () => {
  const turns = new ReadTurns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = Array.from({ length: 5 }, (_, index) =>
    turns.take(async () => {
      begun.push(index);
      await new Promise<void>((resolve) => (ends[index] = resolve));
      if (index === 0) throw new Error('the database is away');
      return index;
    }),
  );
  const settled = Promise.allSettled(all);
  for (const [index, count] of [2, 3, 4, 5, 5].entries()) {
    expect(begun).toEqual(Array.from({ length: count }, (_, one) => one));
    ends[index]?.();
    await all[index]?.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await settled).map(({ status }) => status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
});
