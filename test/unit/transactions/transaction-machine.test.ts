import { describe, expect, it } from 'vitest';
import type { TransactionState } from '../../../src/transactions/managed-transaction.js';
import { isResting, transition, type TransactionEvent } from '../../../src/transactions/transaction-machine.js';

const EVENTS: readonly TransactionEvent[] = [
  'refused-before-sending',
  'signed',
  'send-attempted',
  'landed',
  'landed-refused',
  'expiry-proven',
  'not-known',
];

/** Every state and event: `-` impossible, `=` stays, `x` final, else the next state. */
const TABLE: Readonly<Record<TransactionState, readonly string[]>> = {
  pending: ['failed', 'signed', '-', '-', '-', '-', '='],
  signed: ['-', '-', 'sent', 'confirmed', 'failed', 'expired', '='],
  sent: ['-', '-', '=', 'confirmed', 'failed', 'expired', '='],
  confirmed: ['x', 'x', 'x', 'x', 'x', 'x', 'x'],
  failed: ['x', 'x', 'x', 'x', 'x', 'x', 'x'],
  expired: ['x', 'x', 'x', 'x', 'x', 'x', 'x'],
};

describe('transition', () => {
  const cases = Object.entries(TABLE).flatMap(([state, row]) =>
    EVENTS.map((event, index) => [state as TransactionState, event, row[index] ?? ''] as const),
  );

  it.each(cases)('%s + %s → %s', (state, event, expected) => {
    const next = transition(state, event);
    const shown = { to: 'state' in next ? next.state : '', stay: '=', final: 'x', impossible: '-' }[next.kind];
    expect(shown).toBe(expected);
  });

  it('I5: not knowing never ends anything', () => {
    for (const state of Object.keys(TABLE) as TransactionState[]) {
      expect(transition(state, 'not-known').kind).not.toBe('to');
    }
  });

  it('I9: nothing can be signed twice', () => {
    const signable = (Object.keys(TABLE) as TransactionState[]).filter(
      (state) => transition(state, 'signed').kind === 'to',
    );
    expect(signable).toEqual(['pending']);
    expect(Object.values(TABLE).flat()).not.toContain('pending');
  });

  it('rests exactly where no event leads on', () => {
    for (const state of Object.keys(TABLE) as TransactionState[]) {
      expect(isResting(state)).toBe(EVENTS.every((event) => transition(state, event).kind === 'final'));
    }
  });
});
