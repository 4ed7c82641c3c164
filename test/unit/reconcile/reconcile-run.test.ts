import { beforeEach, describe, expect, it } from 'vitest';
import { beginRun, newRun, readLastRun, type ReconcileRun } from '../../../src/reconcile/reconcile-run.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { openBench } from './reconcile-bench.js';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

let bench: ReturnType<typeof openBench>;
beforeEach(() => {
  bench = openBench();
});

async function keep(id: string, minute: number | null, more: Partial<ReconcileRun> = {}): Promise<void> {
  const run = newRun({ program: 'coupons', scope: 'changes', trigger: 'schedule' }, at(0));
  const kept = { ...run, id, state: 'done', startedAt: minute === null ? null : at(minute), ...more } as const;
  await inTransaction(bench.db.client, (session) => beginRun(bench.db, session, kept));
}

const last = async (only?: Parameters<typeof readLastRun>[2]) =>
  (await readLastRun(bench.db, 'coupons', only))?.id ?? null;

describe('the last run of a program', () => {
  it('is the one that began last; one that never began is none', async () => {
    expect(await last()).toBeNull();
    await keep('first', 1);
    await keep('second', 2);
    await keep('asked for', null, { state: 'requested' });
    await keep('of another', 3, { program: 'vaults' });
    expect(await last()).toBe('second');
  });

  it('is of a kind, where one is named', async () => {
    await keep('whole', 1, { scope: 'everything' });
    await keep('asked for', 2, { trigger: 'api' });
    await keep('failed', 3, { state: 'failed' });
    expect(await last({ scope: 'everything' })).toBe('whole');
    expect(await last({ trigger: 'api' })).toBe('asked for');
    expect(await last({ states: ['done'] })).toBe('asked for');
  });

  it('is none of tomorrow, which a process left whose clock was ahead: it would keep all others waiting', async () => {
    await keep('today', 1);
    await keep('tomorrow', 60);
    expect(await last({ upTo: at(2) })).toBe('today');
    expect(await last({ upTo: at(1) })).toBe('today');
    expect(await last({ upTo: at(0) })).toBeNull();
    // Seen again once its time has come; by then whoever reconciles has left newer ones.
    expect(await last({ upTo: at(60) })).toBe('tomorrow');
  });
});
