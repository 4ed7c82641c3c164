import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changeOf, holdOn, type Condition, type Held } from '../../../../src/ops/alerts/hysteresis.js';

const HOLD = { fireAfterMs: 300, clearAfterMs: 200 };

/** What changes when a look every 100 ms sees these. */
function changes(conditions: readonly Condition[], hold = HOLD) {
  let held: Held | null = null;
  let isFiring = false;
  return conditions.flatMap((condition, at) => {
    held = holdOn(held, condition, at * 100);
    const change = changeOf(isFiring, held, at * 100, hold);
    if (change) isFiring = change === 'fire';
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

it('goes by what is stored, whoever stored it: what was held counts as before (001-4)', () => {
  const held = { condition: 'bad', sinceMs: 0 } as const;
  expect(changeOf(true, held, 1_000, HOLD)).toBeNull();
  expect(changeOf(false, held, 1_000, HOLD)).toBe('fire');
  expect(changeOf(true, holdOn(held, 'well', 1_000), 1_100, HOLD)).toBeNull();
});
