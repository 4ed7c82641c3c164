import { describe, expect, it } from 'vitest';
import type { ListenerStatus } from '../../../../src/ledger/listener-status.js';
import type { Replay } from '../../../../src/ledger/replay-request.js';
import {
  judgeAlive,
  judgeCompleteness,
  judgeFrontier,
  judgeLease,
  judgeListening,
  judgeMemory,
  judgeSuspicion,
  judgeVersion,
} from '../../../../src/ops/doctor/judge-worker.js';
import { explainSweepStop } from '../../../../src/ops/doctor/sweep-stop.js';
import type { SweepStop } from '../../../../src/recovery/gap-filler.js';

const NOW = 1_700_000_000_000;
const MB = 1024 * 1024;

const status: ListenerStatus = {
  ...{ program: 'coupons', holder: 'host:1:aaaaaaaa', isListening: true, subscriptionId: '7', reconnectAttempts: 0 },
  ...{ lastSlot: 50, confirmedSlot: 50, finalizedSlot: 20, frontierSlot: 18, lagSlots: 2, sweepStopped: null },
  ...{ errorsInARow: 0, confirmations: 0, massSuspicion: null, replayNeeded: null, updatedAt: new Date(NOW - 400) },
};

it('alive: heard of lately', () => {
  expect(judgeAlive(status, NOW)).toMatchObject({ status: 'ok', found: 'host:1:aaaaaaaa, heard of 0.4 s ago' });
  expect(judgeAlive(status, NOW + 20_000)).toMatchObject({
    status: 'fail',
    found: 'gone: host:1:aaaaaaaa, heard of 20 s ago',
  });
  expect(judgeAlive(null, NOW)).toMatchObject({ status: 'fail' });
  expect(judgeAlive(null, NOW).advice).toContain('npm run worker');
});

it('the lease is held by who speaks', () => {
  expect(judgeLease(status, 'host:1:aaaaaaaa').status).toBe('ok');
  expect(judgeLease(status, 'host:2:bbbbbbbb')).toMatchObject({
    status: 'warn',
    found: 'held by host:2:bbbbbbbb, while host:1:aaaaaaaa speaks',
  });
  for (const nobody of ['', null]) expect(judgeLease(status, nobody).found).toContain('held by nobody');
});

it('listening', () => {
  expect(judgeListening(status)).toMatchObject({ status: 'ok', found: 'subscription 7, last slot 50' });
  expect(judgeListening({ ...status, subscriptionId: null, lastSlot: null }).found).toBe('by polling');
  expect(judgeListening({ ...status, reconnectAttempts: 2 }).found).toContain('2 failures since');
  const deaf = judgeListening({ ...status, isListening: false, reconnectAttempts: 1 });
  expect(deaf).toMatchObject({ status: 'fail', found: 'not listening, 1 failure since it was last stable' });
  expect(deaf.advice).toContain('SOLANA_WS_URL');
});

describe('the frontier', () => {
  const judged = (changes: Partial<ListenerStatus>) => judgeFrontier({ ...status, ...changes }, 100);

  it.each([
    { changes: {}, is: 'ok' },
    { changes: { lagSlots: 100 }, is: 'ok' },
    { changes: { lagSlots: 101 }, is: 'fail' },
    { changes: { lagSlots: 101, sweepStopped: 'history-missing' }, is: 'fail' },
    { changes: { lagSlots: 101, sweepStopped: 'node-behind' }, is: 'fail' },
    { changes: { sweepStopped: 'walks-disagree' }, is: 'warn' },
    // The last sweep found nothing newer: what counts is the lag.
    { changes: { sweepStopped: 'node-behind' }, is: 'ok' },
    { changes: { lagSlots: null }, is: 'warn' },
    { changes: { frontierSlot: null, lagSlots: null }, is: 'warn' },
    { changes: { frontierSlot: null, lagSlots: null, sweepStopped: 'history-missing' }, is: 'warn' },
  ])('$is at $changes', ({ changes, is }) => {
    expect(judged(changes).status).toBe(is);
  });

  it('says how far it is and why the last sweep stopped', () => {
    expect(judged({}).found).toBe('slot 18, 2 slots behind the finalized one');
    const stopped = judged({ lagSlots: 500, sweepStopped: 'history-lost' });
    expect(stopped.found).toContain('stopped (history-lost): the endpoint does not list transactions');
    expect(stopped.found).toContain('MAX_LAG_SLOTS 100');
    expect(stopped.advice).toContain('SOLANA_RPC_URL');
  });

  it('explains every reason there is by its own words', () => {
    const ours: Record<Exclude<SweepStop, keyof typeof CHAIN>, true> = {
      ...{ 'node-behind': true, 'walks-disagree': true, 'history-missing': true, 'history-lost': true },
      ...{ inconsistent: true, stuck: true, 'fetch-failed': true, 'database-failed': true, 'told-to': true },
    };
    const meanings = Object.keys(ours).map((reason) => explainSweepStop(reason).meaning);
    expect(new Set(meanings).size).toBe(meanings.length);
    for (const reason of Object.keys(CHAIN)) {
      expect(explainSweepStop(reason).meaning).toBe('the endpoint failed the sweep');
    }
    expect(explainSweepStop('failed').advice).toContain('log of the worker');
  });
});

/** Reasons that are an endpoint's own failures. */
const CHAIN = {
  ...{ unreachable: true, timeout: true, 'rate-limited': true, 'server-error': true, 'not-ready': true },
  ...{ 'malformed-answer': true, refused: true, 'method-unsupported': true, 'not-here': true, 'bad-request': true },
  ...{ 'transaction-rejected': true, 'already-processed': true, 'blockhash-not-found': true },
} as const;

it('history is complete from START_SLOT on', () => {
  expect(judgeCompleteness('coupons', { since: 10, slot: 20 }, 0).status).toBe('ok');
  expect(judgeCompleteness('coupons', { since: 10, slot: 20 }, 10).status).toBe('ok');
  const later = judgeCompleteness('coupons', { since: 11, slot: 20 }, 10);
  expect(later).toMatchObject({ status: 'warn', found: 'from slot 11 to 20, but START_SLOT is 10' });
  expect(later.advice).toContain('npm run backfill -- --program coupons --from-slot 10');
});

it('mass suspicion', () => {
  expect(judgeSuspicion(status).status).toBe('ok');
  expect(judgeSuspicion({ ...status, massSuspicion: { suspects: 20, asked: 21 } })).toMatchObject({ status: 'fail' });
});

describe('the version of the documents (X-6)', () => {
  const replay = { state: 'running', phase: 'documents', counts: { records: 3 }, total: 9, note: null } as Replay;
  const judged = (needed: { documents: number; module: number } | null, one: Replay | null = null) =>
    judgeVersion('coupons', { needed, replay: one }, 2);

  it('is that of the module, or a replay is needed', () => {
    expect(judged(null)).toMatchObject({ status: 'ok', found: 'version 2 made all documents' });
    const needed = judged({ documents: 1, module: 2 });
    expect(needed).toMatchObject({ status: 'warn', found: 'documents are of version 1, the module is of version 2' });
    expect(needed.advice).toContain('npm run replay -- --program coupons');
  });

  it('is being changed by a replay, or waits for something', () => {
    expect(judged({ documents: 1, module: 2 }, replay)).toMatchObject({
      status: 'ok',
      found: 'a replay is under way: documents, 3 of 9 records',
    });
    expect(judged(null, { ...replay, note: 'no worker' }).status).toBe('warn');
    expect(judged(null, { ...replay, state: 'done' }).status).toBe('ok');
  });
});

it('memory', () => {
  expect(judgeMemory({ bytes: 171 * MB })).toMatchObject({ status: 'ok', found: '171 MB resident' });
  expect(judgeMemory({ bytes: 1_025 * MB }).status).toBe('warn');
  expect(judgeMemory({ bytes: 1_025 * MB }).advice).toContain('BATCH_SIZE');
  expect(judgeMemory({ unmeasured: 'elsewhere' })).toMatchObject({ status: 'skipped', found: 'elsewhere' });
});
