import fc from 'fast-check';
import { expect, it } from 'vitest';
import { QUIET, step, type Condition } from '../../../../src/ops/alerts/hysteresis.js';

const HOLD = { fireAfterMs: 300, clearAfterMs: 200 };

/** What changes when a look every 100 ms sees these. */
function changes(conditions: readonly Condition[], hold = HOLD) {
  let state = QUIET;
  return conditions.flatMap((condition, at) => {
    const { state: next, change } = step(state, condition, at * 100, hold);
    state = next;
    return change ? [{ change, atMs: at * 100 }] : [];
  });
}

it('fires after the condition has held, and clears after it has been well for as long as that takes (001-4)', () => {
  const looks: Condition[] = ['well', 'bad', 'bad', 'bad', 'bad', 'bad', 'well', 'between', 'well', 'well', 'well'];
  expect(changes(looks)).toEqual([
    { change: 'fire', atMs: 400 },
    { change: 'clear', atMs: 1_000 },
  ]);
  expect(changes(['bad', 'well'], { fireAfterMs: 0, clearAfterMs: 0 })).toEqual([
    { change: 'fire', atMs: 0 },
    { change: 'clear', atMs: 100 },
  ]);
});

it('whatever flaps how, tells in turns, and never sooner than the hold after the one before (001-4)', () => {
  const conditions = fc.array(fc.constantFrom<Condition>('bad', 'well', 'between'), { maxLength: 200 });
  fc.assert(
    fc.property(conditions, (looks) => {
      const told = changes(looks);
      for (const [at, { change, atMs }] of told.entries()) {
        expect(change).toBe(at % 2 === 0 ? 'fire' : 'clear');
        const holdMs = change === 'fire' ? HOLD.fireAfterMs : HOLD.clearAfterMs;
        const turn = change === 'fire' ? 'bad' : 'well';
        expect(looks.slice((atMs - holdMs) / 100, atMs / 100 + 1).every((look) => look === turn)).toBe(true);
        const before = told[at - 1];
        if (before) expect(atMs - before.atMs).toBeGreaterThan(holdMs);
      }
    }),
  );
});
