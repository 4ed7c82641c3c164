import { describe, expect, it } from 'vitest';
import keptLedger from '../../simulation/kept-seeds.json' with { type: 'json' };
import keptDeliveries from '../../simulation/deliveries/kept-seeds.json' with { type: 'json' };
import keptTransactions from '../../simulation/transactions/kept-seeds.json' with { type: 'json' };
import { WORLD_NAMES, WORLDS, type SeedOutcome } from '../../simulation/worlds.js';

const KEPT = { ledger: keptLedger, transactions: keptTransactions, deliveries: keptDeliveries };

/** What happened in one run, to the last bit. */
const storyOf = ({ journal, steps, virtualMs, failure }: SeedOutcome) => {
  return { lines: journal.lines, steps, virtualMs, failure };
};

describe.each(WORLD_NAMES)('in the world of the %s', (world) => {
  const { run } = WORLDS[world];

  it.each(KEPT[world])('seed $seed: $why (X-3)', async ({ seed }) => {
    const outcome = await run(seed);
    expect(outcome.failure).toBeNull();
    expect(outcome.transactions).toBeGreaterThan(0);
  });

  it('runs a seed the very same way again (X-3)', async () => {
    expect(storyOf(await run(7, true))).toEqual(storyOf(await run(7, true)));
  });
});
