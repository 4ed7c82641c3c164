import { describe, expect, it } from 'vitest';
import { newAttempt, type Lifetime } from '../../../../src/transactions/managed-transaction.js';
import { claimFate } from '../../../../src/transactions/nonces/claim-fates.js';
import { managedTransaction } from '../managed-transactions.js';

const NONCE = { address: 'account', value: 'v2' };
const over = (account: string, value: string): Lifetime => ({ kind: 'nonce', account, value, asOfSlot: 1 });
const attempt = (lifetime: Lifetime) => {
  const fee = { unitLimit: null, unitPrice: 0 };
  return newAttempt({ signature: 's', wire: new Uint8Array(1), lifetime, fee, signedAt: new Date(0) });
};

describe('claimFate (004-2.2)', () => {
  it.each<[string, Lifetime[], string]>([
    ['nothing', [], 'unsigned'],
    ['its value', [over('account', 'v2')], 'signed'],
    [
      'its value, and another version over what it had before',
      [over('account', 'v1'), over('account', 'v2')],
      'signed',
    ],
    ['a value it had before, which the chain has moved on from', [over('account', 'v1')], 'unsigned'],
    ['another account, which happens to have the same value', [over('other', 'v2')], 'unsigned'],
    ['a blockhash', [{ kind: 'blockhash', blockhash: 'v2', lastValidBlockHeight: 1 }], 'unsigned'],
  ])('goes by what is signed over the value that is stored: %s', (_, lifetimes, signed) => {
    const attempts = lifetimes.map(attempt);
    expect(claimFate(managedTransaction({ state: 'sent', attempts }), NONCE)).toBe(`open-${signed}`);
    expect(claimFate(managedTransaction({ state: 'failed', attempts }), NONCE)).toBe(`rests-${signed}`);
  });

  it('counts what was handed out for a wallet to sign as signed', () => {
    const prepared = {
      ...{
        message: new Uint8Array(1),
        hash: 'h',
        lifetime: over('account', 'v2'),
        wallets: ['w'],
        balanceChange: null,
      },
      fee: { unitLimit: null, unitPrice: 0 },
    };
    expect(claimFate(managedTransaction({ state: 'cancelled', prepared }), NONCE)).toBe('rests-signed');
  });

  it('says that nobody knows of a transaction that does not exist', () => {
    expect(claimFate(null, NONCE)).toBe('missing');
  });
});
