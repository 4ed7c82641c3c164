import { expect, it } from 'vitest';
import { readSigner, type SignerSight } from '../../../../src/ops/alerts/signer-rules.js';

const LIMITS = { leastLamports: 1_000, unresolvedMs: 300_000 };
const well: SignerSight = {
  ...{ address: 'A', lamports: 5_000n, isServed: true, isHeld: true, holder: 'host:1', open: 0, waiting: null },
};
const conditions = (changes: Partial<SignerSight>, limits = LIMITS) =>
  readSigner({ ...well, ...changes }, limits).map(({ condition }) => condition);
const waiting = (ms: number) => ({ id: 'k:1', ms });

it.each<[Partial<SignerSight>, string[]]>([
  [{}, ['well', 'well', 'well']],
  [{ lamports: 999n }, ['bad', 'well', 'well']],
  [{ lamports: 1_050n }, ['between', 'well', 'well']],
  [{ lamports: 1_100n }, ['well', 'well', 'well']],
  [{ lamports: null }, ['between', 'well', 'well']],
  [{ lamports: 0n, isServed: false }, ['well', 'well', 'well']],
  [{ lamports: 0n, isServed: false, isHeld: false, open: 1 }, ['bad', 'bad', 'well']],
  [{ isHeld: false, open: 0 }, ['well', 'well', 'well']],
  [{ open: 1, waiting: waiting(150_000) }, ['well', 'well', 'well']],
  [{ open: 1, waiting: waiting(300_000) }, ['well', 'well', 'between']],
  [{ open: 1, waiting: waiting(300_001) }, ['well', 'well', 'bad']],
])('a signer with %o is %o (004-6.2, 004-6.3)', (changes, expected) => {
  expect(conditions(changes)).toEqual(expected);
});

it('tells of no balance where none is asked for; each signer has alerts of its own', () => {
  expect(conditions({ lamports: 0n }, { ...LIMITS, leastLamports: 0 })[0]).toBe('well');
  expect(readSigner(well, LIMITS).map(({ id, program }) => [id, program])).toEqual([
    ['signer-balance/A', null],
    ['signer-unheld/A', null],
    ['transactions-unresolved/A', null],
  ]);
});
