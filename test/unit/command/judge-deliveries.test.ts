import { describe, expect, it } from 'vitest';
import { isDelivered, judgeDeliveries, type Told } from '../../../scripts/drill/deliveries/judge-deliveries.js';
import type { PlannedEvent, PlannedSubscriber } from '../../../scripts/drill/deliveries/planned-subscribers.js';

const subscriber: PlannedSubscriber = {
  ...{ name: 's', environment: 0, events: ['a'], account: null, leastAmount: null, isOrdered: true },
};
const event = (id: string, given: Partial<PlannedEvent> = {}): PlannedEvent => ({
  ...{ id, environment: 0, name: 'a', account: null, owner: 'ada', amount: 1, afterMs: null },
  ...given,
});
const told = (id: string, atMs: number, given: Partial<Told> = {}): Told => ({
  ...{ subscriber: 's', event: id, messageId: `evt_${id}`, atMs, answeredAtMs: atMs + 1, status: 200 },
  ...given,
});
const sent = [
  { event: event('1'), dueAtMs: 100 },
  { event: event('2'), dueAtMs: 200 },
];
const judge = (requests: readonly Told[], events = sent) => judgeDeliveries([subscriber], events, requests);

describe('what endpoints got beside what they should (the deliveries drill)', () => {
  it('is right when everything came, in order, perhaps more than once', () => {
    const judgement = judge([told('1', 100), told('1', 150), told('2', 200)]);
    expect(judgement).toMatchObject({ pairs: 2, requests: 3, repeats: 1 });
    expect(isDelivered(judgement)).toBe(true);
  });

  it.each([
    ['missing', [told('1', 100)]],
    ['missing', [told('1', 100), told('2', 200, { status: 503 })]],
    ['early', [told('1', 99), told('2', 200)]],
    ['outOfOrder', [told('2', 200), told('1', 210)]],
    ['outOfOrder', [told('1', 150, { answeredAtMs: 300 }), told('2', 250)]],
    ['unstableIds', [told('1', 100), told('1', 110, { messageId: 'other' }), told('2', 200)]],
    ['unwanted', [told('1', 100), told('2', 200), told('3', 300)]],
  ] as const)('says what is %s', (kind, requests) => {
    const judgement = judge(requests);
    expect(judgement[kind]).not.toEqual([]);
    expect(isDelivered(judgement)).toBe(false);
  });

  it('takes what is for another environment or account for unwanted', () => {
    const others = [{ event: event('4', { environment: 1 }), dueAtMs: 0 }];
    expect(judge([told('4', 10)], others).unwanted).toEqual(['4 to s']);
  });
});
