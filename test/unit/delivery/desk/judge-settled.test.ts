import { expect, it } from 'vitest';
import { isSettled, type SettledReading } from '../../../../src/delivery/desk/judge-settled.js';

const own: SettledReading = { record: { eventId: 'order-1', commitment: null }, isOwed: false, chain: null };
const confirmed = { eventId: 'sig/log/0~0/confirmed', commitment: 'confirmed' as const };
const chain = { version: 'sig/log/0~0', isFinal: true };

it.each<[string, SettledReading, boolean]>([
  ['of our own, told to everybody', own, true],
  ['of our own, still owed', { ...own, isOwed: true }, false],
  ['told as final', { ...own, record: { ...confirmed, commitment: 'finalized' } }, true],
  ['what takes another one back', { ...own, record: { ...confirmed, commitment: 'orphaned' } }, true],
  ['confirmed and final', { ...own, record: confirmed, chain }, true],
  ['confirmed and final, still owed', { record: confirmed, chain, isOwed: true }, false],
  ['confirmed, not final', { ...own, record: confirmed, chain: { ...chain, isFinal: false } }, false],
  [
    'confirmed, and landed elsewhere',
    { ...own, record: confirmed, chain: { ...chain, version: 'sig/log/0~1' } },
    false,
  ],
  ['confirmed and taken back', { ...own, record: { ...confirmed, takenBack: true } }, true],
  ['confirmed, in a ledger that was emptied', { ...own, record: confirmed }, true],
])('an event %s', (_, reading, expected) => {
  expect(isSettled(reading)).toBe(expected);
});
