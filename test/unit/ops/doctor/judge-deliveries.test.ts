import { describe, expect, it } from 'vitest';
import {
  judgeDelivering,
  judgeDisabled,
  judgeOwedDeliveries,
  judgeVersions,
} from '../../../../src/ops/doctor/judge-deliveries.js';

const idle = { workers: 2, due: 0, late: 0, oldestMs: 0, events: 0, oldestEventMs: 0 };

describe('deliveries', () => {
  it('alive: nobody is needed where nothing is due', () => {
    expect(judgeDelivering(idle)).toMatchObject({ status: 'ok', found: '2 processes' });
    expect(judgeDelivering({ ...idle, workers: 0 })).toMatchObject({
      status: 'ok',
      found: 'no process delivers, and nothing is due',
    });
    expect(judgeDelivering({ ...idle, workers: 0, due: 1 })).toMatchObject({
      status: 'fail',
      found: 'no process delivers, and 1 delivery is due',
      advice: expect.stringContaining('npm run delivery-worker') as string,
    });
    expect(judgeDelivering({ ...idle, workers: 0, due: 2, events: 1 }).found).toBe(
      'no process delivers, and 2 deliveries and 1 event are due',
    );
  });

  it('owed: how much, how late, and what to do about it', () => {
    expect(judgeOwedDeliveries(idle)).toMatchObject({ status: 'ok', found: 'none' });
    const due = { ...idle, due: 7, oldestMs: 300_000 };
    expect(judgeOwedDeliveries(due)).toMatchObject({ status: 'ok', found: '7 deliveries due, none late' });
    expect(judgeOwedDeliveries({ ...due, late: 3 })).toMatchObject({
      status: 'warn',
      found: '7 deliveries due, 3 of them late, the oldest for 5 min',
      advice: expect.stringContaining('restsUntil') as string,
    });
    expect(judgeOwedDeliveries({ ...due, late: 3, workers: 0 })).toMatchObject({
      status: 'warn',
      found: '7 deliveries are due, the oldest for 5 min',
      advice: expect.stringContaining('npm run delivery-worker') as string,
    });
    expect(judgeOwedDeliveries({ ...idle, events: 4, oldestEventMs: 7_200_000 })).toMatchObject({
      status: 'warn',
      found: '4 events late on the way to their dispatchers, the oldest for 2 h',
    });
  });

  it('dispatchers: which were disabled by their endpoints', () => {
    expect(judgeDisabled([]).status).toBe('ok');
    expect(judgeDisabled([{ dispatcher: 'sales', reason: 'gone' }])).toMatchObject({
      status: 'warn',
      found: 'sales (gone)',
      advice: expect.stringContaining('resend-failed') as string,
    });
  });

  it('jobs: of which versions runs wait that nobody has', () => {
    const served = { handler: 'greet@1', runs: 2, oldestMs: 1_000, isServed: true };
    expect(judgeVersions([])).toMatchObject({ status: 'ok', found: 'no runs wait' });
    expect(judgeVersions([served]).found).toBe('2 open runs, each of a version that a process has');
    expect(
      judgeVersions([served, { ...served, handler: 'greet@2', oldestMs: 600_000, isServed: false }]),
    ).toMatchObject({
      status: 'warn',
      found: 'no process has a version that runs wait for: greet@2 has 2 runs, due for 10 min',
      advice: expect.stringContaining('cancel') as string,
    });
  });
});
