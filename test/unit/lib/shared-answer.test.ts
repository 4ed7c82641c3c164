import { expect, it } from 'vitest';
import { SharedAnswer } from '../../../src/lib/shared-answer.js';

function counted(answers: readonly (() => Promise<number>)[]) {
  let [nowMs, asked] = [0, 0];
  const shared = new SharedAnswer({ monotonic: () => nowMs }, 100, () => (answers[asked++] as () => Promise<number>)());
  return { shared, asked: () => asked, pass: (ms: number) => (nowMs += ms) };
}

it('is asked for once, by whoever comes in time, and anew after that', async () => {
  const { shared, asked, pass } = counted([async () => 1, async () => 2]);
  expect(await Promise.all([shared.get(), shared.get()])).toEqual([1, 1]);
  pass(99);
  expect(await shared.get()).toBe(1);
  expect(asked()).toBe(1);
  pass(1);
  expect(await shared.get()).toBe(2);
});

it('is not kept where it failed, and a late failure takes nothing of the next one', async () => {
  let fail = (_: Error): void => undefined;
  const { shared, asked, pass } = counted([
    () => new Promise((_, reject) => (fail = reject)),
    async () => 2,
    () => Promise.reject(new Error('again')),
    async () => 4,
  ]);
  const first = shared.get();
  pass(100);
  expect(await shared.get()).toBe(2);
  fail(new Error('late'));
  await expect(first).rejects.toThrow('late');
  expect(await shared.get()).toBe(2);
  expect(asked()).toBe(2);
  pass(100);
  await expect(shared.get()).rejects.toThrow('again');
  expect(await shared.get()).toBe(4);
});
