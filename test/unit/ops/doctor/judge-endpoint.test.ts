import { describe, expect, it } from 'vitest';
import { RPC_FAILURES } from '../../../../src/chain/rpc-error.js';
import {
  failUnread,
  judgeAccountList,
  judgeAnswers,
  judgeBatches,
  judgeBatchFailure,
  judgeHead,
  judgeHealth,
  judgeHistory,
  judgeNoAccountList,
  judgeNoSocket,
  judgeSameChain,
  judgeSocket,
  rpcAdvice,
} from '../../../../src/ops/doctor/judge-endpoint.js';

it('answers: fast is well, slow is to be looked at', () => {
  expect(judgeAnswers({ ms: 12.4, version: '2.1' })).toMatchObject({ status: 'ok', found: 'in 12 ms, version 2.1' });
  expect(judgeAnswers({ ms: 1_001, version: '2.1' }).status).toBe('warn');
});

it('every way in which an endpoint fails has advice, and the usual ones name the setting', () => {
  for (const reason of Object.keys(RPC_FAILURES)) expect(rpcAdvice({ reason, message: '' })).not.toBe('');
  expect(rpcAdvice({ reason: 'unreachable', message: '' })).toContain('SOLANA_RPC_URL');
  expect(rpcAdvice({ reason: 'rate-limited', message: '' })).toContain('RPC_REQUESTS_PER_SECOND');
  expect(rpcAdvice({ reason: 'refused', message: '' })).toContain('key');
  expect(failUnread({ reason: null, message: 'odd' })).toMatchObject({ status: 'fail', found: 'odd' });
});

it('healthy: what the node says of itself', () => {
  expect(judgeHealth({ kind: 'ok' }).status).toBe('ok');
  expect(judgeHealth({ kind: 'untold' }).status).toBe('ok');
  expect(judgeHealth({ kind: 'behind', detail: 'behind by 200 slots' })).toMatchObject({
    status: 'fail',
    found: 'behind by 200 slots',
  });
});

describe('same chain', () => {
  const other = (hash: string | null) => [{ name: 'b', hash }];

  it.each([
    { own: 'A', others: [], bound: null, status: 'ok' },
    { own: 'A', others: other('A'), bound: null, status: 'ok' },
    { own: 'A', others: other(null), bound: null, status: 'ok' },
    // A database of another chain is its own line's to tell.
    { own: 'A', others: other('A'), bound: 'B', status: 'ok' },
    { own: 'A', others: other('B'), bound: null, status: 'fail' },
    { own: 'A', others: other('B'), bound: 'A', status: 'ok' },
    { own: 'A', others: other('B'), bound: 'B', status: 'fail' },
    { own: 'A', others: other('B'), bound: 'C', status: 'fail' },
  ])('$own beside $others, database of $bound: $status', ({ own, others, bound, status }) => {
    expect(judgeSameChain({ own, others, bound }).status).toBe(status);
  });

  it('names the other endpoint, and one that could not be asked', () => {
    expect(judgeSameChain({ own: 'A', others: other('B'), bound: null }).found).toBe('genesis A, but b has B');
    expect(judgeSameChain({ own: 'A', others: other(null), bound: null }).found).toContain('b could not be asked');
  });
});

describe('follows the chain', () => {
  const head = (behind: number, movedBy = 1) =>
    judgeHead({ slot: 1_000, movedBy, watchedMs: 4_000, best: { name: 'b', slot: 1_000 + behind } });

  it('measures by what the others show', () => {
    expect([head(0), head(50), head(51), head(128), head(129)].map(({ status }) => status)).toEqual([
      ...['ok', 'ok', 'warn', 'warn', 'fail'],
    ]);
    expect(head(51).found).toBe('slot 1000, 51 slots behind b');
    expect(head(-5).found).toBe('slot 1000');
  });

  it('one that stands still is to be looked at, alone or not', () => {
    expect(head(0, 0)).toMatchObject({ status: 'warn', found: 'slot 1000, and it did not move in 4 s' });
    expect(judgeHead({ slot: 5, movedBy: 0, watchedMs: 4_000, best: null }).status).toBe('warn');
    expect(judgeHead({ slot: 5, movedBy: 2, watchedMs: 400, best: null }).status).toBe('ok');
  });
});

describe('history', () => {
  const at = (since: number, slot: number) => [{ program: 'coupons', since, slot }];
  const base = { oldest: 100, oldestAnywhere: 100, startSlot: 0, frontiers: [] };

  it.each([
    { what: 'nothing is needed yet', changes: {}, status: 'ok' },
    { what: 'START_SLOT is there', changes: { startSlot: 100 }, status: 'ok' },
    { what: 'START_SLOT is before it', changes: { startSlot: 99 }, status: 'warn' },
    { what: 'the frontier is there', changes: { frontiers: at(100, 200) }, status: 'ok' },
    { what: 'only what was scanned long ago is before it', changes: { frontiers: at(50, 100) }, status: 'ok' },
    { what: 'START_SLOT was scanned long ago', changes: { startSlot: 50, frontiers: at(50, 200) }, status: 'ok' },
    { what: 'the frontier is before it', changes: { frontiers: at(50, 99) }, status: 'fail' },
    {
      what: 'another endpoint reaches further',
      changes: { frontiers: at(50, 99), oldestAnywhere: 60 },
      status: 'warn',
    },
    {
      what: 'another one does not reach far enough',
      changes: { frontiers: at(9, 10), oldestAnywhere: 60 },
      status: 'fail',
    },
  ])('$status where $what', ({ changes, status }) => {
    expect(judgeHistory({ ...base, ...changes }).status).toBe(status);
  });

  it('says from which slot on, and what needs more', () => {
    expect(judgeHistory({ ...base, frontiers: at(50, 200) }).found).toContain(
      'coupons has from before is in the ledger',
    );
    const cut = judgeHistory({ ...base, frontiers: at(50, 99) });
    expect(cut.found).toContain('after the frontier of coupons at 99');
    expect(cut.advice).toContain('blocks from slot 99 on');
    expect(judgeHistory({ ...base, startSlot: 7 }).advice).toContain('npm run backfill');
  });
});

it('lists of accounts: only some work needs them', () => {
  expect(judgeAccountList({ name: 'Shop', count: 1 }).found).toBe('lists 1 Shop account');
  expect(judgeNoAccountList({ reason: 'method-unsupported', message: 'no' })).toMatchObject({
    status: 'warn',
    found: 'no',
  });
});

it('batches: a refusal is no harm', () => {
  expect(judgeBatches({ refusal: null, batchSize: 10 })).toMatchObject({ status: 'ok', found: 'taken' });
  expect(judgeBatches({ refusal: 'no', batchSize: 10 }).found).toContain('each question is asked by itself');
  expect(judgeBatches({ refusal: 'no', batchSize: 1 }).found).toContain('RPC_BATCH_SIZE=1 asks for none');
  expect(judgeBatchFailure({ reason: 'rate-limited', message: 'slow down' })).toMatchObject({ status: 'warn' });
  expect(judgeBatchFailure({ reason: 'timeout', message: 'late' })).toMatchObject({ status: 'fail' });
});

describe('the socket', () => {
  it.each([
    { reading: { kind: 'live', slot: 5, ms: 300 }, status: 'ok', says: 'slot 5 heard after 0.3 s' },
    {
      reading: { kind: 'down', reason: 'connect-failed', detail: 'ECONNREFUSED' },
      status: 'fail',
      says: 'ECONNREFUSED',
    },
    { reading: { kind: 'down', reason: 'subscribe-rejected', detail: 'no' }, status: 'fail', says: 'was refused: no' },
    { reading: { kind: 'silent', connected: true, waitedMs: 5_000 }, status: 'fail', says: 'no slot was heard in 5 s' },
    { reading: { kind: 'silent', connected: false, waitedMs: 5_000 }, status: 'fail', says: 'no connection in 5 s' },
  ] as const)('$reading is $status', ({ reading, status, says }) => {
    const judged = judgeSocket(reading);
    expect(judged.status).toBe(status);
    expect(judged.found).toContain(says);
    if (status === 'fail') expect(judged.advice).toMatch(/SOLANA_WS_URL.*SOURCE=polling/);
  });

  it('is not needed where nobody listens to it', () => {
    expect(judgeNoSocket().status).toBe('skipped');
  });
});
