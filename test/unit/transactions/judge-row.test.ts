import { expect, it } from 'vitest';
import { judgeRow } from '../../../src/transactions/judge-row.js';
import type { ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import { managedTransaction } from './managed-transactions.js';

const ROW = 'promotion/M';
const row = (next: bigint, ...free: bigint[]) => ({ id: ROW, next, free });
const failed = (index: bigint, changes: Partial<ManagedTransaction> = {}) =>
  managedTransaction({ state: 'failed', counter: ROW, allocation: { counter: ROW, index }, ...changes });
const raced = { stage: 'simulation', name: 'Taken', message: '', code: null, program: null } as const;
const CHAIN = { floor: 3n, next: 5n };

it('leaves a row alone that fits (004-2.2)', () => {
  const { row: same, repairs, givers } = judgeRow(row(9n, 4n, 7n), CHAIN, [failed(4n)], new Set([8n]));
  expect(same).toEqual(row(9n, 4n, 7n));
  expect({ repairs, givers }).toEqual({ repairs: { dropped: [], 'given-back': [], raised: [] }, givers: [] });
});

it.each([
  ['drops what the chain is past', row(9n, 2n, 4n), row(9n, 4n), { dropped: [2n] }],
  ['drops what somebody has', row(9n, 4n, 8n), row(9n, 4n), { dropped: [8n] }],
  ['drops what was never taken, and doubles', row(9n, 4n, 4n, 11n), row(9n, 4n), { dropped: [4n, 11n] }],
  ['raises what is next to the chain’s', row(4n), row(5n), { raised: [5n] }],
])('%s (004-2.2)', (_, before, after, repairs) => {
  const judged = judgeRow(before, CHAIN, [], new Set([8n]));
  expect(judged.row).toEqual(after);
  expect(judged.repairs).toEqual({ dropped: [], 'given-back': [], raised: [], ...repairs });
});

it('gives back what a request holds in vain: once, if nobody else has it and it can be used (004-2.2, I10)', () => {
  const resting = [
    ...[failed(6n), failed(6n), failed(8n), failed(2n), failed(12n)],
    failed(7n, { races: ['Taken'], refusal: raced }),
    failed(5n, { state: 'expired' }),
  ];
  const judged = judgeRow(row(9n), CHAIN, resting, new Set([8n]));
  expect(judged.row).toEqual(row(9n, 5n, 6n));
  expect(judged.repairs['given-back']).toEqual([5n, 6n]);
  expect(judged.givers).toEqual([resting[0], resting[6]]);
});
