import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/lib/clock.js';
import { Turns } from '../../../src/lib/turns.js';

const LONG_MS = 60_000;

describe('turns', () => {
  it('come one after another by key, in the order they were asked for', async () => {
    const turns = new Turns(systemClock);
    const order: string[] = [];
    const ask = async (name: string) => {
      const giveBack = await turns.take('a', LONG_MS);
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      giveBack?.();
    };
    await Promise.all(['1', '2', '3'].map(ask));
    expect(order).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends']);
  });

  it('of other keys are not waited for', async () => {
    const turns = new Turns(systemClock);
    await turns.take('a', LONG_MS);
    expect(await turns.take('b', LONG_MS)).toBeTypeOf('function');
  });

  it('that do not come in time are given up, and hold up nobody behind', async () => {
    const turns = new Turns(systemClock);
    const giveBack = await turns.take('a', LONG_MS);
    expect(await turns.take('a', 1)).toBeNull();
    const next = turns.take('a', LONG_MS);
    giveBack?.();
    expect(await next).toBeTypeOf('function');
  });
});
