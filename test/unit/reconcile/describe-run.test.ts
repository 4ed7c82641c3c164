import { describe, expect, it } from 'vitest';
import { describeRun } from '../../../scripts/reconcile/describe-run.js';
import {
  newRun,
  NOTHING_COUNTED,
  type ReconcileCounts,
  type ReconcileRun,
} from '../../../src/reconcile/reconcile-run.js';

function run(counts: Partial<ReconcileCounts> = {}, more: Partial<ReconcileRun> = {}): ReconcileRun {
  return {
    ...newRun({ program: 'coupons', scope: 'everything', trigger: 'command' }, new Date(0)),
    ...{ id: 'R', state: 'done', durationMs: 1_234, cost: { requests: 9, credits: 27, byMethod: {} } },
    counts: { ...NOTHING_COUNTED, accounts: 40, documents: 50, ...counts },
    ...more,
  };
}

describe('a pass in words', () => {
  it('that found nothing says so, and what it cost', () => {
    expect(describeRun(run())).toEqual([
      'coupons: 50 documents and 40 accounts: nothing wrong in 1.2 s',
      '  cost: 9 RPC requests, 27 credits (run R)',
    ]);
  });

  it('that looked at changes does not claim to have seen all', () => {
    expect(describeRun(run({}, { scope: 'changes' }))[0]).toContain('(what changed, and a share of the rest)');
  });

  it('names what was wrong, what became of it, and what is left to do', () => {
    const lines = describeRun(
      run({ missing: 1, drifted: 2, orphaned: 3, marked: 2, repaired: 2, left: 1, unsettled: 4, recovered: 5 }),
    );
    expect(lines[0]).toBe('coupons: 50 documents and 40 accounts: 1 missing, 2 drifted, 3 orphaned in 1.2 s');
    expect(lines.slice(1, -1)).toEqual([
      '  5 transactions that the ledger lacked were taken in',
      '  2 put right, 1 not yet: is a worker running?',
      '  2 orphans marked and kept: `npm run cleanup-orphaned` lists them; 1 could not be confirmed and stay as they are',
      '  4 kept changing: the next pass looks at them again',
    ]);
  });

  it('shows each field as it was and as it is, in the form of its value', () => {
    const fields = [
      { field: 'name', before: '', after: null },
      { field: 'price', before: 5n, after: 77 },
      { field: 'listedAt', before: null, after: new Date(0) },
    ];
    const [line] = describeRun(
      run({ drifted: 1 }, { differences: [{ collection: 'listings', key: 'A', kind: 'drift', fields }] }),
    );
    expect(line).toBe(
      'drift      listings/A: name was "", is null; price was 5, is 77; listedAt was null, is 1970-01-01T00:00:00.000Z',
    );
  });

  it('names the first fifty, and says how many more there are', () => {
    const differences = Array.from({ length: 60 }, (_, at) => ({
      ...{ collection: 'coupons', key: `A${at}`, kind: 'missing' as const, fields: [] },
    }));
    const lines = describeRun(run({ missing: 65 }, { differences, omitted: 5 }));
    expect(lines.filter((line) => line.startsWith('missing'))).toHaveLength(50);
    expect(lines[50]?.trim()).toBe('and 15 more');
  });

  it.each([
    ['failed', 'the endpoints are down', 'coupons: failed: the endpoints are down (run R)'],
    ['interrupted', null, 'coupons: interrupted (run R)'],
  ] as const)('that %s says why, after its notes, and claims nothing', (state, error, line) => {
    expect(describeRun(run({}, { state, error, notes: ['a note'] }))).toEqual(['note       a note', line]);
  });
});
