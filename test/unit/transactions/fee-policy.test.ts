import { describe, expect, it } from 'vitest';
import { feeLamports, raisedUnitPrice, unitLimit, unitPrice } from '../../../src/transactions/fee-policy.js';

const policy = { percentile: 75, floor: 10, cap: 5_000 };
const recent = (...fees: number[]) => fees.map((fee) => ({ fee }));

describe('TRAPS 21: what is offered', () => {
  it('is the percentile of what was paid, between floor and cap', () => {
    expect(unitPrice(recent(0, 100, 200, 300), policy)).toBe(200);
    expect(unitPrice(recent(0, 0, 0), policy)).toBe(10);
    expect(unitPrice(recent(9_000), policy)).toBe(5_000);
    expect(unitPrice([], policy)).toBe(10);
    expect(unitPrice(recent(1, 50), { ...policy, percentile: 0, floor: 0 })).toBe(1);
    expect(unitPrice(recent(1, 50), { ...policy, percentile: 100 })).toBe(50);
  });

  it('004-4.2: is raised from one version to the next, up to the cap', () => {
    expect(raisedUnitPrice(0, 0, policy)).toBe(1_000);
    expect(raisedUnitPrice(4_000, 0, policy)).toBe(5_000);
    expect(raisedUnitPrice(100, 3_000, policy)).toBe(3_000);
    expect(raisedUnitPrice(5_000, 9_000, policy)).toBeNull();
  });

  it('asks for a tenth more than the simulation used, and never for more than there is', () => {
    expect(unitLimit(1_000)).toBe(1_400);
    expect(unitLimit(1_399_000)).toBe(1_400_000);
    expect(unitLimit(null)).toBeNull();
  });
});

describe('X-5: what a person is told that landing costs', () => {
  it.each([
    [{ unitLimit: 1_000, unitPrice: 0 }, 2, 10_000n, 0n],
    [{ unitLimit: 1_000, unitPrice: 1_001 }, 1, 5_000n, 2n],
    [{ unitLimit: null, unitPrice: 1_000_000 }, 1, 5_000n, 1_400_000n],
  ])('%j, signed by %i', (fee, signers, signatures, priority) => {
    expect(feeLamports(fee, signers)).toEqual({ signatures, priority });
  });
});
