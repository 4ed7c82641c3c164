import { describe, expect, it } from 'vitest';
import { judgeRepeat } from '../../../../src/delivery/records/judge-repeat.js';
import { deliverAtOf } from '../../../../src/delivery/records/send-event.js';

const now = new Date('2026-05-01T12:00:00Z');
const inMs = (ms: number) => new Date(now.getTime() + ms);

describe('an event whose id is known (002-2)', () => {
  it.each([
    ['delivered', 60_000, 'keep'],
    ['due', -1_000, 'keep'],
    ['due', 4_999, 'keep'],
    ['due', 5_000, 'replace'],
    ['due', 60_000, 'replace'],
  ] as const)('%s, to be told in %d ms: %s', (state, aheadMs, judged) => {
    expect(judgeRepeat({ state, deliverAt: inMs(aheadMs) }, now)).toBe(judged);
  });
});

describe('when an event is told (002-1)', () => {
  it('is now, after so many seconds, or at a time, which goes before', () => {
    expect(deliverAtOf({}, now)).toEqual(now);
    expect(deliverAtOf({ deliverAfter: 90 }, now)).toEqual(inMs(90_000));
    expect(deliverAtOf({ deliverAfter: 90, deliverAt: inMs(1) }, now)).toEqual(inMs(1));
    expect(deliverAtOf({ deliverAfter: 0 }, now)).toEqual(now);
  });
});
