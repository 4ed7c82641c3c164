import { expect, it } from 'vitest';
import { oddityOf, troubleOf } from '../../../src/transactions/judge-request.js';
import { outcomeOf, whyNot } from '../../../src/transactions/judge-wish.js';
import type { Attempt, ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import { workBetween } from '../../../src/transactions/desk-meter.js';
import { managedTransaction as request } from './managed-transactions.js';

const attempt = (changes: Partial<Attempt> = {}): Attempt => ({
  ...{ signature: 's1', wire: new Uint8Array(), signedAt: new Date(0), fee: { unitLimit: null, unitPrice: 0 } },
  lifetime: { kind: 'blockhash', blockhash: 'B', lastValidBlockHeight: 77 },
  ...{ firstSentAt: null, lastSentAt: null, sends: 1, error: null, expiredAt: null },
  ...changes,
});
const gone = attempt({ signature: 's0', expiredAt: new Date(0) });
const sent = request({ state: 'sent', attempts: [attempt()] });
const landed = { slot: 5, signature: 's1', attempts: [attempt()] };

it.each<[string | null, Partial<ManagedTransaction>]>([
  [null, {}],
  [null, { state: 'sent', attempts: [gone, attempt()] }],
  [null, { state: 'pending', attempts: [gone] }],
  [null, { state: 'finalized', ...landed }],
  ['pending, with bytes that may land', { attempts: [attempt()] }],
  ['sent, with no bytes that could land', { state: 'sent', attempts: [gone] }],
  ['confirmed, and nothing says where', { state: 'confirmed', attempts: [attempt()] }],
  ['landed with a signature that is none of its own', { state: 'finalized', ...landed, signature: 'other' }],
  ['signed without the number it needs', { state: 'signed', attempts: [attempt()], counter: 'row' }],
])('%s: a request with %o (004-6.3)', (oddity, changes) => {
  expect(oddityOf(request(changes))).toBe(oddity);
});

it('a request is in trouble when nodes refuse it, when it was signed anew, and when it does not move (004-6.3)', () => {
  expect(troubleOf(sent, 59_999)).toBeNull();
  expect(troubleOf(sent, 60_000)).toBe('offered 1 times, and not on chain');
  expect(troubleOf(request(), 60_000)).toBe('nobody has signed it');
  expect(troubleOf(request({ state: 'sent', attempts: [attempt({ error: 'unreachable: no' })] }), 0)).toBe(
    'unreachable: no',
  );
  expect(troubleOf(request({ state: 'sent', attempts: [gone, attempt()] }), 0)).toContain('signed anew');
  expect(troubleOf(request({ wish: 'cancel' }), 60_000)).toContain('(cancel)');
  expect(troubleOf(request({ state: 'failed' }), 1e9)).toBeNull();
  expect(troubleOf(request({ state: 'prepared' }), 1e9), 'a person takes the time it takes').toBeNull();
});

it('cancel, resubmit and bump say why they cannot be (004-6.1, I9)', () => {
  expect(whyNot(request(), 'cancel')).toBeNull();
  expect(whyNot(sent, 'cancel')).toMatch(/signed \(s1\).*cannot be taken back.*after block 77 is final/);
  expect(whyNot(request({ state: 'failed' }), 'cancel')).toContain('It is failed');
  expect(whyNot(request({ state: 'prepared' }), 'cancel')).toContain('A wallet has its bytes');
  expect(whyNot(sent, 'resubmit')).toBeNull();
  expect(whyNot(request({ state: 'confirmed', ...landed }), 'resubmit')).toContain('on chain already');
  expect(whyNot(sent, 'bump')).toMatch(/effect twice.*after block 77 is final/);
  expect(whyNot({ ...sent, lifetime: 'nonce' }, 'bump')).toBeNull();
});

it('what became of a wish is told by what is stored (004-6.1)', () => {
  expect(outcomeOf('cancel', request(), request({ state: 'cancelled' })).isDone).toBe(true);
  expect(outcomeOf('cancel', request(), sent)).toMatchObject({ isDone: false });
  expect(outcomeOf('bump', sent, sent)).toMatchObject({
    isDone: false,
    detail: expect.stringContaining('PRIORITY_FEE_CAP') as string,
  });
  expect(outcomeOf('bump', sent, request({ state: 'confirmed', ...landed })).detail).toContain(
    'It is confirmed by now',
  );
  expect(outcomeOf('bump', sent, { ...sent, attempts: [attempt(), attempt()] }).isDone).toBe(true);
  expect(outcomeOf('resubmit', sent, { ...sent, attempts: [attempt({ sends: 2 })] }).detail).toContain('again');
});

it('counts what was done between two versions of a request', () => {
  const after = request({ state: 'sent', attempts: [{ ...gone, sends: 3 }, attempt()] });
  expect(workBetween(request({ attempts: [attempt({ signature: 's0' })] }), after)).toEqual({
    ...{ attempts: 1, sends: 3, expired: 1 },
  });
});
