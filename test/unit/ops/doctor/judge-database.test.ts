import { expect, it } from 'vitest';
import {
  judgeBinding,
  judgeClock,
  judgeIndexes,
  judgeNoServer,
  judgeNoTransactions,
  judgeServer,
  judgeTransactions,
} from '../../../../src/ops/doctor/judge-database.js';

it('answers, and how fast', () => {
  expect(judgeServer({ ms: 3.2, version: '8.0.4', kind: 'replica set' })).toMatchObject({
    status: 'ok',
    found: 'in 3 ms, version 8.0.4, replica set',
  });
  expect(judgeServer({ ms: 251, version: '8', kind: 'replica set' }).status).toBe('warn');
  expect(judgeNoServer({ reason: null, message: 'ECONNREFUSED' })).toMatchObject({
    status: 'fail',
    found: 'ECONNREFUSED',
  });
  expect(judgeNoServer({ reason: null, message: '' }).advice).toContain('MONGODB_URI');
});

it('transactions', () => {
  expect(judgeTransactions({ wrote: true }).status).toBe('ok');
  expect(judgeTransactions({ wrote: false })).toMatchObject({ status: 'ok', found: 'one that reads was committed' });
  const none = judgeNoTransactions({ reason: null, message: 'only on a replica set' });
  expect(none).toMatchObject({ status: 'fail', found: 'only on a replica set' });
  expect(none.advice).toContain('--replSet rs0');
});

it('indexes: the missing are named', () => {
  expect(judgeIndexes({ wanted: 9, missing: [], isEmpty: false })).toMatchObject({
    status: 'ok',
    found: 'all 9 there',
  });
  expect(judgeIndexes({ wanted: 9, missing: ['a (b)'], isEmpty: true }).status).toBe('ok');
  const missing = judgeIndexes({ wanted: 9, missing: ['coupons (owner)'], isEmpty: false });
  expect(missing).toMatchObject({ status: 'fail', found: '1 of 9 missing: coupons (owner)' });
  expect(missing.advice).toContain('Restart');
});

it('belongs to the chain that is asked', () => {
  const seen = [{ name: 'a', hash: 'A' }];
  expect(judgeBinding({ bound: null, seen }).status).toBe('ok');
  expect(judgeBinding({ bound: 'A', seen }).status).toBe('ok');
  expect(judgeBinding({ bound: 'A', seen: [] }).status).toBe('ok');
  expect(judgeBinding({ bound: 'A', seen: [...seen, { name: 'b', hash: 'B' }] }).status).toBe('ok');
  const other = judgeBinding({ bound: 'B', seen });
  expect(other).toMatchObject({ status: 'fail', found: 'genesis B, but a leads to A' });
  expect(other.advice).toContain('MONGODB_DATABASE');
});

it('clocks: a little apart is nothing, and what cannot be known is not said', () => {
  expect(judgeClock(null)).toBeNull();
  expect(judgeClock({ aheadMs: 0.4, uncertainMs: 2 })).toMatchObject({ status: 'ok', found: 'the same as here' });
  expect(judgeClock({ aheadMs: -900, uncertainMs: 2 })).toMatchObject({
    status: 'ok',
    found: '900 ms from the one here',
  });
  // The answer took as long as they are apart.
  expect(judgeClock({ aheadMs: 6_000, uncertainMs: 3_000 })?.status).toBe('ok');
  expect(judgeClock({ aheadMs: 8_000, uncertainMs: 10 })?.found).toContain('8 s ahead of the server');
  expect(judgeClock({ aheadMs: -8_000, uncertainMs: 10 })).toMatchObject({ status: 'warn' });
});
