import { expect, it } from 'vitest';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { Nap } from '../../../src/lib/nap.js';
import { takeTurns } from '../../../src/lib/take-turns.js';
import { within } from '../../../src/lib/within.js';

it('takes turns without a rest while there is something to do, and goes on after trouble', async () => {
  const stop = new AbortController();
  const turns: string[] = [];
  const turn = async () => {
    turns.push('turn');
    if (turns.length === 2) throw new Error('trouble');
    if (turns.length === 4) stop.abort();
    return 0;
  };
  await takeTurns(new Nap(clock), stop.signal, turn, (error) => {
    turns.push(String(error));
    return 1;
  });
  expect(turns).toEqual(['turn', 'turn', 'Error: trouble', 'turn']);
});

it('ends with what cannot be gone on from', async () => {
  const turn = () => Promise.reject(new Error('over'));
  const end = (error: unknown) => {
    throw error;
  };
  await expect(takeTurns(new Nap(clock), new AbortController().signal, turn, end)).rejects.toThrow('over');
});

it('waits for what comes in time, and no longer', async () => {
  expect(await within(clock, 60_000, Promise.resolve('in time'))).toBe('in time');
  expect(await within(clock, 1, new Promise(() => undefined))).toBeNull();
  await expect(within(clock, 60_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
});
