import { expect, it } from 'vitest';
import type { ListenerStatus } from '../../../../src/ledger/listener-status.js';
import { messageId, owed } from '../../../../src/ops/alerts/owed.js';
import { readDead, readProgram, readRpc } from '../../../../src/ops/alerts/rules.js';
import type { Told } from '../../../../src/ops/alert-store.js';

const NOW = 1_700_000_000_000;
const LIMITS = { maxLagSlots: 100, errorsInARow: 5 };
const status: ListenerStatus = {
  ...{ program: 'coupons', holder: 'host:1:aaaaaaaa', isListening: true, subscriptionId: '7', reconnectAttempts: 0 },
  ...{ lastSlot: 50, confirmedSlot: 50, finalizedSlot: 20, frontierSlot: 18, lagSlots: 2, sweepStopped: null },
  ...{ errorsInARow: 0, confirmations: 0, massSuspicion: null, replayNeeded: null, updatedAt: new Date(NOW - 400) },
};
const conditions = (changes: Partial<ListenerStatus> | null) =>
  Object.fromEntries(
    readProgram('coupons', changes && { ...status, ...changes }, NOW, LIMITS).map(({ kind, condition }) => [
      kind,
      condition,
    ]),
  );

it.each([
  [{}, { 'listener-stopped': 'well', lag: 'well', 'handler-errors': 'well' }],
  [null, { 'listener-stopped': 'bad', lag: 'between', 'handler-errors': 'between' }],
  [{ updatedAt: new Date(NOW - 15_000) }, { 'listener-stopped': 'bad', lag: 'between', 'handler-errors': 'between' }],
  [{ isListening: false }, { 'listener-stopped': 'bad', lag: 'well', 'handler-errors': 'well' }],
  [{ lagSlots: 101 }, { 'listener-stopped': 'well', lag: 'bad', 'handler-errors': 'well' }],
  [{ lagSlots: 100 }, { 'listener-stopped': 'well', lag: 'between', 'handler-errors': 'well' }],
  [{ lagSlots: 50 }, { 'listener-stopped': 'well', lag: 'well', 'handler-errors': 'well' }],
  [{ lagSlots: null }, { 'listener-stopped': 'well', lag: 'between', 'handler-errors': 'well' }],
  [{ errorsInARow: 5 }, { 'listener-stopped': 'well', lag: 'well', 'handler-errors': 'bad' }],
  [{ errorsInARow: null }, { 'listener-stopped': 'well', lag: 'well', 'handler-errors': 'between' }],
  [{ errorsInARow: 4 }, { 'listener-stopped': 'well', lag: 'well', 'handler-errors': 'between' }],
])('a status with %o is %o (001-4, 001-6)', (changes, expected) => {
  expect(conditions(changes)).toEqual(expected);
});

it('one dead event is bad, whatever its kind; only none is well (001-4)', () => {
  expect(readDead('coupons', { letter: 0, record: 0 }).condition).toBe('well');
  expect(readDead('coupons', { letter: 1, record: 0 }).condition).toBe('bad');
  expect(readDead('coupons', { letter: 0, record: 2 })).toMatchObject({
    ...{ id: 'dead-events/coupons', condition: 'bad', details: { letters: 0, records: 2 } },
  });
});

it('RPC is down when none of several endpoints answers (001-4)', () => {
  expect(readRpc(1, 3).condition).toBe('well');
  expect(readRpc(0, 3)).toMatchObject({ condition: 'bad', details: { answering: 0, asked: 3 } });
});

const since = new Date(NOW - 60_000);
const told = (changes: Partial<Told> = {}): Told => ({
  ...{ since, at: new Date(NOW - 50_000), attempts: 0, nextAt: null, error: null, failingSince: null },
  ...changes,
});
const alert = (state: 'firing' | 'cleared') => ({
  ...{ id: 'lag/coupons', kind: 'lag', program: 'coupons', state, message: '', since, updatedAt: since, details: {} },
});

it.each([
  ['what it never heard of, while it fires', alert('firing'), null, 0, 'tell'],
  ['what was over before it was there', alert('cleared'), null, 0, null],
  ['what it knows', alert('firing'), told(), 0, null],
  ['the end of what it knows', alert('cleared'), told({ since: new Date(NOW - 90_000) }), 0, 'tell'],
  ['what it was told in vain', alert('firing'), told({ since: null, at: null, attempts: 1 }), 0, 'tell'],
  ['it again, before its time', alert('firing'), told({ since: null, nextAt: new Date(NOW + 1) }), 0, null],
  ['a reminder', alert('firing'), told(), 50_000, 'remind'],
  ['no reminder yet', alert('firing'), told(), 50_001, null],
  ['no reminder of what is over', alert('cleared'), told(), 50_000, null],
])('a channel is owed %s', (_, of, known, remindMs, expected) => {
  expect(owed({ alert: of, told: known }, NOW, remindMs)).toBe(expected);
});

it('a message tried again is known by the same id, each reminder by its own (001-4)', () => {
  const id = (known: Told | null, what: 'tell' | 'remind') => messageId({ alert: alert('firing'), told: known }, what);
  const inVain = { attempts: 3, nextAt: new Date(NOW), error: 'ECONNREFUSED', failingSince: since };
  expect(id(told(inVain), 'tell')).toBe(id(null, 'tell'));
  expect(id(told(inVain), 'remind')).toBe(id(told(), 'remind'));
  expect(id(told(), 'remind')).not.toBe(id(told(), 'tell'));
  expect(id(told({ at: new Date(NOW) }), 'remind')).not.toBe(id(told(), 'remind'));
});
