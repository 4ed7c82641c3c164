import { describe, expect, it } from 'vitest';
import { judgeNonces } from '../../../../src/ops/doctor/judge-nonces.js';

const pool = { available: 8, claimed: 1, cooling: 1, broken: 0, reasons: [] };

describe('judgeNonces (004-2.1)', () => {
  it('has nothing to say where there are none', () => {
    expect(judgeNonces({ available: 0, claimed: 0, cooling: 0, broken: 0, reasons: [] })).toBeNull();
  });

  it.each([
    ['ok', pool, '8 of 10 accounts available, 1 claimed, 1 cooling, 0 broken'],
    ['ok', { ...pool, available: 2, claimed: 7 }, '2 of 10 accounts available'],
    ['warn', { ...pool, available: 1, claimed: 8 }, '1 of 10 accounts available'],
    ['fail', { ...pool, available: 0, claimed: 9 }, '0 of 10 accounts available'],
    [
      'warn',
      { ...pool, available: 5, broken: 3, reasons: [['closed', 2] as const, ['making', 1] as const] },
      '3 broken: 2 closed, 1 making',
    ],
  ])('%s: %o', (status, reading, says) => {
    const judgement = judgeNonces(reading);
    expect(judgement?.status).toBe(status);
    expect(judgement?.found).toContain(says);
    expect(judgement?.advice === null).toBe(status === 'ok');
  });

  it('says how to grow, and how to repair', () => {
    expect(judgeNonces({ ...pool, available: 0, claimed: 9 })?.advice).toContain('npm run nonces -- grow --to 20');
    expect(judgeNonces({ ...pool, broken: 1 })?.advice).toContain('npm run nonces -- repair');
  });
});
