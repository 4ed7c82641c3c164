import { describe, expect, it } from 'vitest';
import type { DueDelivery } from '../../../../src/delivery/desk/delivery-store.js';
import { planTurn, type Lane } from '../../../../src/delivery/desk/plan-turn.js';
import type { Dispatcher } from '../../../../src/delivery/dispatchers/dispatcher.js';

const webhook = { kind: 'webhook', url: 'https://example.com', secrets: [], concurrency: 5 } as unknown;
const dispatcher = (given: Partial<Dispatcher> = {}) =>
  ({ _id: 'disp_a', enabled: true, disabledReason: null, dispatchable: webhook, ...given }) as Dispatcher;
const delivery = (given: Partial<DueDelivery> = {}) =>
  ({
    ...{ _id: 'evt_1/disp_a', environment: 'env_a', record: 'evt_1', dispatcher: 'disp_a', orderKey: null },
    ...{ position: '', attempts: 0, run: null, isFollowUp: false },
    ...given,
  }) as DueDelivery;
const lane = (given: Partial<Lane> = {}): Lane => ({
  ...{ dispatcher: dispatcher(), due: [delivery()], inFlight: 0, room: 5 },
  ...given,
});
const plan = (lanes: readonly Lane[], more: object = {}) =>
  planTurn({ lanes, room: 100, turns: new Map(), toldMs: Infinity, runs: new Map(), ...more });
const job = dispatcher({ dispatchable: { kind: 'job', job: 'greet', version: '1' } });

describe('the turn of a desk (002-3)', () => {
  it('begins what there is room for', () => {
    expect(plan([lane()]).claims).toHaveLength(1);
    expect(plan([lane({ room: 0 })]).claims).toHaveLength(0);
    expect(plan([lane()], { room: 0 }).claims).toHaveLength(0);
  });

  it('cancels what is for nobody any more, but not what takes back something that was told (I7)', () => {
    const disabled = dispatcher({ enabled: false, disabledReason: 'gone' });
    expect(plan([lane({ dispatcher: disabled })])).toMatchObject({
      ...{ claims: [], cancelled: [{ error: 'its dispatcher was disabled (gone)' }] },
    });
    expect(plan([lane({ dispatcher: null })]).cancelled).toMatchObject([{ error: 'its dispatcher is gone' }]);
    const followUp = lane({ dispatcher: disabled, due: [delivery({ isFollowUp: true })] });
    expect(plan([followUp])).toMatchObject({ claims: [{}], cancelled: [] });
  });

  it('gives a job a run, the same for the same try, and waits for it only where there is an order', () => {
    const [once, again] = [plan([lane({ dispatcher: job })]), plan([lane({ dispatcher: job })])];
    expect(once.runs).toEqual(again.runs);
    expect(once.runs).toMatchObject([{ isAwaited: false, order: { job: 'greet', version: '1', record: 'evt_1' } }]);
    const tried = lane({ dispatcher: job, due: [delivery({ attempts: 1 })] });
    expect(plan([tried]).runs[0]?.order.id).not.toBe(once.runs[0]?.order.id);
    const ordered = lane({ dispatcher: job, due: [delivery({ orderKey: 'k', position: '000000000000001' })] });
    expect(plan([ordered]).runs).toMatchObject([{ isAwaited: true }]);
  });

  it.each([
    ['done', { kind: 'delivered' }],
    ['failed', { kind: 'failed', error: 'why' }],
    ['cancelled', { kind: 'failed', error: 'why' }],
    ['running', { kind: 'running' }],
    ['due', { kind: 'running' }],
  ])('takes a run that is %s for what it is', (state, verdict) => {
    const awaited = lane({ dispatcher: job, due: [delivery({ run: 'run_1', attempts: 1 })] });
    const runs = new Map([['run_1', { state, error: 'why' }]]);
    expect(plan([awaited], { runs }).ended).toMatchObject([{ number: 1, fence: null, verdict }]);
    const webhookByNow = plan([{ ...awaited, dispatcher: dispatcher() }], { runs });
    expect(webhookByNow).toMatchObject({ claims: [], ended: [{ number: 1, fence: null, verdict }] });
  });
});
