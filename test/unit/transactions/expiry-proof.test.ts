import { describe, expect, it } from 'vitest';
import { isExpiryProven } from '../../../src/transactions/expiry-proof.js';

const proof = {
  lastValidBlockHeight: 100,
  finalizedBlockHeight: 101,
  finalizedSlot: 200,
  statusSlot: 200,
  statusKnown: false,
  transactionKnown: false,
};

describe('isExpiryProven (TRAPS 17)', () => {
  it('needs all of it', () => {
    expect(isExpiryProven(proof)).toBe(true);
  });

  it.each([
    ['the last valid height may still come', { finalizedBlockHeight: 100 }],
    ['the answering node is behind', { statusSlot: 199 }],
    ['the signature is known', { statusKnown: true }],
    ['another endpoint shows the transaction', { transactionKnown: true }],
  ])('is not proven when %s', (_, change) => {
    expect(isExpiryProven({ ...proof, ...change })).toBe(false);
  });
});
