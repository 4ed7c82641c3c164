import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyHash, canonicalJson, decideKey, transactionId } from '../../../src/transactions/request-identity.js';

describe('request identity', () => {
  it('is the same for equal requests, whatever the order of their fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const reversed = Object.fromEntries(Object.entries(body).reverse());
        expect(bodyHash(reversed)).toBe(bodyHash(body));
      }),
    );
  });

  it('differs for different requests', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(canonicalJson(one) === canonicalJson(other)).toBe(
          JSON.stringify(JSON.parse(canonicalJson(one))) === JSON.stringify(JSON.parse(canonicalJson(other))),
        );
      }),
    );
    expect(bodyHash({ a: 1 })).not.toBe(bodyHash({ a: '1' }));
    expect(bodyHash([1, 2])).not.toBe(bodyHash([2, 1]));
    expect(bodyHash({ price: 5n })).toBe(bodyHash({ price: '5' }));
    expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
  });

  it('decides', () => {
    expect(decideKey(null, 'h')).toBe('new');
    expect(decideKey({ bodyHash: 'h' }, 'h')).toBe('same');
    expect(decideKey({ bodyHash: 'g' }, 'h')).toBe('other-body');
    expect(transactionId('one', 'key')).not.toBe(transactionId('two', 'key'));
  });
});
