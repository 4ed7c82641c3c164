import { describe, expect, it } from 'vitest';
import { describeOutcome, summarize } from '../../../scripts/backfill/report.js';
import type { BackfillOutcome } from '../../../src/recovery/backfill.js';
import { NOTHING_TAKEN } from '../../../src/recovery/take-walk.js';

type Stopped = Extract<BackfillOutcome, { kind: 'stopped' }>;
const stopped = (more: Partial<Stopped>): Stopped => ({
  ...{ kind: 'stopped', reason: 'unreachable', detail: 'cut off', span: { fromSlot: 0, toSlot: 900 } },
  ...{ counts: NOTHING_TAKEN, ranMs: 1_000, resumed: false },
  ...more,
});
const alone = { workerLives: false, interrupted: false, oldestSlot: null };

describe('what a backfill says that stopped', () => {
  it('because of what passes: that the same command goes on', () => {
    expect(describeOutcome(stopped({}), alone)).toEqual([
      'stopped: unreachable: cut off; the same command goes on from here',
    ]);
  });

  it('because the endpoint does not go back that far: what does not end the same', () => {
    const text = describeOutcome(stopped({ reason: 'history-missing' }), { ...alone, oldestSlot: 500 }).join('\n');
    expect(text).toContain('does not go back to slot 0: its oldest block is slot 500');
    expect(text).toContain('--from-slot 500 --restart');
    expect(text).toContain('set SOLANA_RPC_URL');
    expect(text).not.toContain('START_SLOT');
    expect(text).not.toContain('goes on from here');
  });

  it('and does so where the endpoint does not say how far back it goes', () => {
    const text = describeOutcome(stopped({ reason: 'history-missing' }), alone).join('\n');
    expect(text).toContain('--from-slot <slot> --restart');
    expect(text).not.toContain('null');
  });

  it('because of Ctrl-C: only that', () => {
    const lines = describeOutcome(stopped({ reason: 'told-to' }), { ...alone, interrupted: true });
    expect(lines).toEqual(['interrupted; the same command goes on from here']);
  });
});

it('a refusal has its reason also as JSON', () => {
  expect(summarize('coupons', { kind: 'refused', why: 'not so' }, 3)).toMatchObject({
    ...{ outcome: 'refused', complete: false, error: 'not so', requests: 3 },
  });
});
