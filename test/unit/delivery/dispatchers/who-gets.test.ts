import { describe, expect, it } from 'vitest';
import type { Dispatcher } from '../../../../src/delivery/dispatchers/dispatcher.js';
import { whoGets, type Addressed, type NotReached } from '../../../../src/delivery/dispatchers/who-gets.js';

const event: Addressed = {
  ...{ environment: 'e1', name: 'order.paid', source: 'shop', account: null, commitment: null },
  ...{ payload: { total: 5 }, context: {} },
};
const dispatcher = (changes: Partial<Dispatcher> = {}): Dispatcher => ({
  ...{ _id: 'disp_1', environment: 'e1', dispatchableId: 'mail', desk: 0 },
  dispatchable: { kind: 'job', job: 'mail', version: '1' },
  ...{
    events: ['order.sent', 'order.paid'],
    source: 'shop',
    filter: {},
    filterMode: 'strict',
    commitment: 'finalized',
  },
  ...{ account: null, manual: false, enabled: true, disabledReason: null, orderBy: null },
  ...{ endpointRevision: 0, createdAt: new Date(0), updatedAt: new Date(0) },
  ...changes,
});
const reason = (changes: Partial<Dispatcher>, of: Partial<Addressed> = {}): NotReached | null => {
  const { reached, others } = whoGets({ ...event, ...of }, [dispatcher(changes)]);
  expect(reached.length + others.length).toBe(1);
  return others[0]?.reason ?? null;
};

describe('002-3: whom an event reaches, and why not the others', () => {
  it('whoever wants its name and source, and whose filter it fits', () => {
    expect(reason({})).toBeNull();
    expect(reason({ filter: { payload: { total: [{ $gt: 4 }] } } })).toBeNull();
  });

  it.each<[Partial<Dispatcher>, NotReached['kind']]>([
    [{ environment: 'e2' }, 'environment'],
    [{ events: ['order'] }, 'name'],
    [{ source: 'chain' }, 'source'],
    [{ account: 'acc_1' }, 'account'],
    [{ enabled: false }, 'disabled'],
    [{ manual: true }, 'manual'],
  ])('not %j', (changes, kind) => expect(reason(changes)).toEqual({ kind }));

  it('says where the filter does not fit', () => {
    expect(reason({ filter: { payload: { total: [{ $gt: 5 }] } } })).toEqual({
      kind: 'filter',
      mismatch: { keys: ['total', 'payload'], expected: { $gt: 5 }, actual: 5 },
    });
  });

  it('reads each filter in its own mode', () => {
    const filter = { payload: { total: [{ $unknown: 1 }] } };
    expect(reason({ filter })).toMatchObject({ kind: 'filter' });
    expect(reason({ filter, filterMode: 'trigger' })).toBeNull();
  });

  it('002-6: an account is asked about also where there is no filter, in both modes', () => {
    for (const filterMode of ['strict', 'trigger'] as const) {
      const bound = { account: 'acc_1', filterMode, filter: {} };
      expect(reason(bound)).toEqual({ kind: 'account' });
      expect(reason(bound, { account: 'acc_2' })).toEqual({ kind: 'account' });
      expect(reason(bound, { account: 'acc_1' })).toBeNull();
      expect(reason({ ...bound, account: null }, { account: 'acc_2' })).toBeNull();
    }
  });

  it('I7: 002-9: a chain event reaches only those of its commitment, others whoever it is', () => {
    expect(reason({ commitment: 'finalized' }, { commitment: 'confirmed' })).toEqual({ kind: 'commitment' });
    expect(reason({ commitment: 'confirmed' }, { commitment: 'finalized' })).toEqual({ kind: 'commitment' });
    expect(reason({ commitment: 'confirmed' }, { commitment: 'confirmed' })).toBeNull();
    expect(reason({ commitment: 'finalized' }, { commitment: 'orphaned' })).toEqual({ kind: 'commitment' });
    expect(reason({ commitment: 'confirmed' })).toBeNull();
  });
});
