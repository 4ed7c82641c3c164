import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Coupon, Sale } from '../../../src/domains/coupons/models.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { addTouch, shareOfRotation, together, type KeysByModel } from '../../../src/reconcile/changed-documents.js';

describe('the share of documents that a pass looks at in turn (X-8)', () => {
  it('covers all of them within a rotation, and no more than it must', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.integer({ min: 1_000, max: 3_600_000 }),
        fc.integer({ min: 1, max: 1_000 }),
        (documents, intervalMs, passes) => {
          const share = shareOfRotation(documents, intervalMs, intervalMs * passes);
          expect(share * passes).toBeGreaterThanOrEqual(documents);
          expect((share - 1) * passes).toBeLessThan(documents);
          expect(Number.isInteger(share)).toBe(true);
        },
      ),
    );
  });

  it('is more than all where a rotation is shorter than the interval, and nothing of nothing', () => {
    expect(shareOfRotation(100, 600_000, 300_000)).toBe(200);
    expect(shareOfRotation(0, 300_000, 86_400_000)).toBe(0);
  });
});

describe('documents by what names them', () => {
  it('splits a touch at its first colon', () => {
    const keys: KeysByModel = new Map();
    addTouch(keys, coupons, 'coupons:A:B');
    addTouch(keys, coupons, 'coupons:C');
    expect(keys).toEqual(new Map([[Coupon, new Set(['A:B', 'C'])]]));
  });

  it('leaves out a collection the module has no more', () => {
    const keys: KeysByModel = new Map();
    addTouch(keys, coupons, 'vouchers:A');
    expect(keys.size).toBe(0);
  });

  it('puts several together, each document once', () => {
    const all = together(
      new Map([[Coupon, new Set(['A', 'B'])]]),
      new Map<typeof Coupon | typeof Sale, Set<string>>([
        [Coupon, new Set(['B', 'C'])],
        [Sale, new Set(['D'])],
      ]),
    );
    expect(all).toEqual(
      new Map<unknown, unknown>([
        [Coupon, new Set(['A', 'B', 'C'])],
        [Sale, new Set(['D'])],
      ]),
    );
  });
});
