import type { Idl } from '@coral-xyz/anchor';
import { convertIdlToCamelCase } from '@coral-xyz/anchor/dist/cjs/idl.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { camelCase } from '../../../src/decoding/camel-case.js';

/** Anchor's rule, through the function Anchor applies it with. */
function anchorsName(name: string): string {
  const idl = { address: '', metadata: { name, version: '', spec: '' }, instructions: [] };
  return convertIdlToCamelCase<Idl>(idl).metadata.name;
}

describe('camelCase', () => {
  it.each([
    ['merchant_revision', 'merchantRevision'],
    ['price', 'price'],
    ['Active', 'active'],
    ['SoldOut', 'soldOut'],
    ['ed25519_key', 'ed25519Key'],
    ['ed25519key', 'ed25519Key'],
    ['_bump', 'bump'],
    ['NFTMint', 'nftMint'],
    ['A', 'a'],
  ])('%s → %s', (name, expected) => {
    expect(camelCase(name)).toBe(expected);
    expect(anchorsName(name)).toBe(expected);
  });

  it('equals Anchor on any identifier', () => {
    const unit = fc.constantFrom(...'abzABZ019__- é');
    fc.assert(
      // A dot is a path to Anchor, never part of a field's name.
      fc.property(fc.string({ unit, minLength: 1, maxLength: 14 }), (name) => {
        expect(camelCase(name)).toBe(anchorsName(name));
      }),
      { numRuns: 2000 },
    );
  });
});
