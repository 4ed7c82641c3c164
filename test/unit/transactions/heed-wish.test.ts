import { describe, expect, it } from 'vitest';
import { heedWish } from '../../../src/transactions/heed-wish.js';
import { managedTransaction } from './managed-transactions.js';

const ROW = { id: 'row', next: 5n, free: [] };
const withNumber = { counter: 'row', allocation: { counter: 'row', index: 4n } };

describe('what becomes of a request with a wish (004-6.2)', () => {
  it('takes back what is not signed, with its number', () => {
    const { transaction, counter } = heedWish(managedTransaction({ ...withNumber, wish: 'cancel' }), ROW) ?? {};
    expect([transaction?.state, transaction?.wish, counter?.free]).toEqual(['cancelled', null, [4n]]);
  });

  it.each(['cancel', 'bump', 'resubmit'] as const)('lets what is signed go on without the wish to %s', (wish) => {
    const decision = heedWish(managedTransaction({ ...withNumber, state: 'sent', wish }), ROW);
    expect(decision?.transaction).toMatchObject({ state: 'sent', wish: null });
    expect(decision?.counter).toBeUndefined();
  });

  it.each(['finalized', 'failed', 'expired', 'cancelled'] as const)(
    'leaves what is %s by now as it is: its number may be somebody else’s (I10)',
    (state) => {
      expect(heedWish(managedTransaction({ ...withNumber, state, wish: 'cancel' }), ROW)).toBeNull();
    },
  );
});
