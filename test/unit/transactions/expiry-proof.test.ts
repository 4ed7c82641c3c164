import { describe, expect, it } from 'vitest';
import { isExpiryProven } from '../../../src/transactions/expiry-proof.js';

const proof = { isOver: true, finalizedSlot: 200, statusSlot: 200, statusKnown: false, transactionKnown: false };

describe('isExpiryProven (TRAPS 17)', () => {
  it('needs all of it', () => {
    expect(isExpiryProven([proof], 1)).toBe(true);
  });

  it.each([
    ['its lifetime is not over', { isOver: false }],
    ['the answering node is behind', { statusSlot: 199 }],
    ['the signature is known', { statusKnown: true }],
    ['the transaction can be shown', { transactionKnown: true }],
  ])('is not proven when %s', (_, change) => {
    expect(isExpiryProven([{ ...proof, ...change }], 1)).toBe(false);
  });

  it('I5: needs two endpoints where there are two, and one that knows it outweighs them', () => {
    expect(isExpiryProven([proof], 2)).toBe(false);
    expect(isExpiryProven([proof, { ...proof, statusSlot: 199 }], 2)).toBe(false);
    expect(isExpiryProven([proof, proof], 2)).toBe(true);
    expect(isExpiryProven([proof, proof, { ...proof, isOver: false, statusKnown: true }], 2)).toBe(false);
  });

  it('is not proven by nobody', () => {
    expect(isExpiryProven([], 0)).toBe(false);
  });
});
