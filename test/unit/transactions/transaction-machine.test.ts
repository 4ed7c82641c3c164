import { describe, expect, it } from 'vitest';
import type { TransactionState } from '../../../src/transactions/managed-transaction.js';
import {
  isAnswered,
  isResting,
  transition,
  type TransactionEvent,
} from '../../../src/transactions/transaction-machine.js';

const EVENTS: readonly TransactionEvent[] = [
  'refused-before-sending',
  'signed',
  'send-attempted',
  'landed',
  'landed-final',
  'landed-refused',
  'refused-final',
  'dropped',
  'expired-again',
  'expired-for-good',
  'cancelled',
  'not-known',
];

const FINAL = EVENTS.map(() => 'x');

/** Every state and event: `-` impossible, `=` stays, `x` final, else the next state. */
const TABLE: Readonly<Record<TransactionState, readonly string[]>> = {
  prepared: ['-', 'signed', '-', '-', '-', '-', '-', '-', '-', '-', 'cancelled', '='],
  pending: ['failed', 'signed', '-', '-', '-', '-', '-', '-', '-', '-', 'cancelled', '='],
  signed: ['-', '=', 'sent', 'confirmed', 'finalized', '=', 'failed', '=', 'pending', 'expired', '-', '='],
  sent: ['-', '=', '=', 'confirmed', 'finalized', '=', 'failed', '=', 'pending', 'expired', '-', '='],
  confirmed: ['-', '=', '=', '=', 'finalized', 'sent', 'failed', 'sent', 'pending', 'expired', '-', '='],
  finalized: FINAL,
  failed: FINAL,
  expired: FINAL,
  cancelled: FINAL,
};
const STATES = Object.keys(TABLE) as TransactionState[];

describe('transition', () => {
  const cases = STATES.flatMap((state) =>
    EVENTS.map((event, index) => [state, event, TABLE[state][index] ?? ''] as const),
  );

  it.each(cases)('%s + %s → %s', (state, event, expected) => {
    const next = transition(state, event);
    const shown = { to: 'state' in next ? next.state : '', stay: '=', final: 'x', impossible: '-' }[next.kind];
    expect(shown).toBe(expected);
  });

  it('I5: not knowing never ends anything, nor does a block that may be dropped', () => {
    for (const state of STATES) {
      for (const event of ['not-known', 'landed-refused', 'dropped'] as const) {
        const next = transition(state, event);
        expect(next.kind === 'to' && isResting(next.state)).toBe(false);
      }
    }
  });

  it('I9: bytes are signed again only after it is proven that the ones before cannot land', () => {
    const leadToPending = STATES.flatMap((state) =>
      EVENTS.filter((event) => {
        const next = transition(state, event);
        return next.kind === 'to' && next.state === 'pending';
      }),
    );
    expect(new Set(leadToPending)).toEqual(new Set(['expired-again']));
  });

  it('rests exactly where no event leads on, and a client has its answer from confirmed on', () => {
    for (const state of STATES) {
      expect(isResting(state)).toBe(EVENTS.every((event) => transition(state, event).kind === 'final'));
      expect(isAnswered(state)).toBe(isResting(state) || state === 'confirmed');
    }
  });
});
