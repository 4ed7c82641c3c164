import { describe, expect, it, vi } from 'vitest';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { SlotTracker } from '../../../src/chain/slot-tracker.js';
import type { Commitment } from '../../../src/lib/commitment.js';
import { JumpingClock } from './jumping-clock.js';
import { recordingLog } from './recording-log.js';

function setup(heads: { confirmed: number; finalized: number }) {
  const clock = new JumpingClock();
  const log = recordingLog();
  let polls = 0;
  let failing = false;
  const chain = {
    async slot(commitment: Commitment) {
      if (failing) throw new RpcError('timeout', 'no head');
      if (commitment === 'finalized') polls += 1;
      return heads[commitment];
    },
  };
  const tracker = new SlotTracker({ chain, clock, log });
  return { tracker, clock, log, heads, polls: () => polls, fail: (on: boolean) => (failing = on) };
}

describe('SlotTracker', () => {
  it('knows nothing before it asked', async () => {
    const { tracker } = setup({ confirmed: 40, finalized: 8 });
    expect([tracker.confirmedSlot, tracker.finalizedSlot, tracker.lastSuccessMs]).toEqual([null, null, null]);
    expect(await tracker.poll()).toBe(true);
    expect([tracker.confirmedSlot, tracker.finalizedSlot]).toEqual([40, 8]);
    expect(tracker.lastSuccessMs).not.toBeNull();
  });

  it('never goes back, whatever node answers', async () => {
    const { tracker, heads } = setup({ confirmed: 40, finalized: 8 });
    await tracker.poll();
    Object.assign(heads, { confirmed: 30, finalized: 5 });
    await tracker.poll();
    expect([tracker.confirmedSlot, tracker.finalizedSlot]).toEqual([40, 8]);
    // A node that finalized what another has not confirmed yet.
    Object.assign(heads, { confirmed: 30, finalized: 41 });
    await tracker.poll();
    expect([tracker.confirmedSlot, tracker.finalizedSlot]).toEqual([41, 41]);
  });

  it('tells of every rise, survives a listener that throws, and forgets who unsubscribed', async () => {
    const { tracker, heads, log } = setup({ confirmed: 40, finalized: 8 });
    const told: number[] = [];
    tracker.onFinalized(() => {
      throw new Error('listener broke');
    });
    const unsubscribe = tracker.onFinalized((slot) => told.push(slot));
    await tracker.poll();
    await tracker.poll();
    heads.finalized = 9;
    await tracker.poll();
    unsubscribe();
    heads.finalized = 10;
    await tracker.poll();
    expect(told).toEqual([8, 9]);
    expect(log.lines.join()).toContain('listener broke');
  });

  it('keeps what it knows when the chain cannot be asked', async () => {
    const { tracker, fail, log } = setup({ confirmed: 40, finalized: 8 });
    await tracker.poll();
    fail(true);
    expect(await tracker.poll()).toBe(false);
    expect(tracker.finalizedSlot).toBe(8);
    expect(log.lines.join()).toContain('no head');
  });

  it('asks every few seconds by itself', async () => {
    const { tracker, clock, polls } = setup({ confirmed: 40, finalized: 8 });
    tracker.start();
    tracker.start();
    await vi.waitFor(() => expect(polls()).toBeGreaterThan(3));
    await tracker.stop();
    expect(clock.slept.slice(0, 4)).toEqual([1_000, 4_000, 1_000, 4_000]);
  });

  it('asks sooner when the socket speaks of a newer root, but not more than once a second', async () => {
    const { tracker, clock, polls } = setup({ confirmed: 40, finalized: 8 });
    tracker.onFinalized(() => tracker.hint({ root: 9 }));
    tracker.start();
    await vi.waitFor(() => expect(polls()).toBeGreaterThan(2));
    await tracker.stop();
    expect(clock.slept.slice(0, 3)).toEqual([1_000, 1_000, 4_000]);
    // What is known, or was hinted before, is no news.
    tracker.hint({ root: 8 });
    tracker.hint({ root: 9 });
  });
});
