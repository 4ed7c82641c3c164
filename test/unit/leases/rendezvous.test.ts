import fc from 'fast-check';
import { expect, it } from 'vitest';
import { preferredNode } from '../../../src/leases/rendezvous.js';

const keys = Array.from({ length: 60 }, (_, index) => `signer:${index}`);
const nodes = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 });

it('says the same in every process and version: these answers must never change (004-1.3)', () => {
  const answers = ['signer:a', 'signer:b', 'signer:c', 'signer:d', ''].map((key) =>
    preferredNode(key, ['node-1', 'node-2', 'node-3']),
  );
  expect(answers).toEqual(['node-1', 'node-1', 'node-3', 'node-2', 'node-3']);
  expect(preferredNode('signer:a', [])).toBeNull();
});

it('does not depend on the order of the nodes (004-1.3)', () => {
  fc.assert(
    fc.property(nodes, fc.string(), (names, key) => {
      expect(preferredNode(key, [...names].reverse())).toBe(preferredNode(key, names));
    }),
  );
});

it("moves the share of a node that comes or leaves, and no other's keys (004-1.3)", () => {
  fc.assert(
    fc.property(nodes, fc.string(), (names, other) => {
      fc.pre(!names.includes(other));
      for (const key of keys) {
        const [without, withIt] = [preferredNode(key, names), preferredNode(key, [...names, other])];
        if (withIt !== without) expect(withIt).toBe(other);
      }
    }),
    { numRuns: 30 },
  );
});

it('gives every node its share, within a fifth (004-1.3)', () => {
  const names = ['a', 'b', 'c', 'd'].map((name) => `host:${name}`);
  const many = Array.from({ length: 2_000 }, (_, index) => `signer:${index}`);
  const shares = names.map((name) => many.filter((key) => preferredNode(key, names) === name).length);
  for (const share of shares) expect(Math.abs(share - 500)).toBeLessThan(100);
});
