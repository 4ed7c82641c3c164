import { expect, it } from 'vitest';
import { runSeed } from '../../simulation/run-seed.js';
import keptSeeds from '../../simulation/kept-seeds.json' with { type: 'json' };

/** What happened in one run, to the last bit. */
const storyOf = ({ journal, steps, virtualMs, failure }: Awaited<ReturnType<typeof runSeed>>) => {
  return { lines: journal.lines, steps, virtualMs, failure };
};

it.each(keptSeeds)('seed $seed: $why (X-3)', async ({ seed }) => {
  const outcome = await runSeed(seed);
  expect(outcome.failure).toBeNull();
  expect(outcome.transactions).toBeGreaterThan(0);
});

it('runs a seed the very same way again (X-3)', async () => {
  expect(storyOf(await runSeed(7, true))).toEqual(storyOf(await runSeed(7, true)));
});
