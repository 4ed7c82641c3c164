import { expect, it } from 'vitest';
import { tryDispatcher } from '../../../../src/delivery/desk/try-dispatcher.js';
import type { Dispatcher } from '../../../../src/delivery/dispatchers/dispatcher.js';
import type { EventRecord } from '../../../../src/delivery/records/event-record.js';

const dispatcher = {
  ...{ _id: 'disp_a', environment: 'env_a', events: ['order.paid'], source: 'app', account: null },
  dispatchable: { kind: 'webhook', url: 'https://example.com' },
} as unknown as Dispatcher;

it.each([
  [200, 1],
  [204, 1],
  [302, 0],
  [410, 0],
  [503, 0],
])('002-3: a test that is answered %i says %i times that the endpoint is mended', async (status, times) => {
  const mended: Dispatcher[] = [];
  const outcome = { kind: 'answered', status, body: '', durationMs: 1, retryAfterMs: null } as const;
  const deps = {
    invoke: () => Promise.resolve(outcome),
    tell: (record: EventRecord) => Promise.resolve(record),
    clock: { now: () => 0 },
    noteMended: (one: Dispatcher) => Promise.resolve(void mended.push(one)),
  };
  const tested = await tryDispatcher(deps, dispatcher, new AbortController().signal);
  expect(tested).toMatchObject({ kind: 'sent', outcome: { status } });
  expect(mended).toEqual(Array.from({ length: times }, () => dispatcher));
});
