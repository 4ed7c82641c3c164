import { expect, it } from 'vitest';
import type { BlockLookup } from '../../../src/chain/chain-port.js';
import { proveDropped } from '../../../src/recovery/prove-dropped.js';

const SLOT = 100;
type Node = Parameters<typeof proveDropped>[0];

/** A node that knows these finalized blocks; anything else is answered with `code`. */
function node(
  blocks: Readonly<Record<number, { readonly parentSlot: number; readonly signatures?: readonly string[] }>>,
  options: { readonly code?: number | null; readonly first?: number; readonly finalized?: number } = {},
): Node {
  const { code = -32_007, first = 0, finalized = 1_000 } = options;
  return {
    firstAvailableBlock: () => Promise.resolve(first),
    slot: () => Promise.resolve(finalized),
    blocks: (fromSlot, limit) =>
      Promise.resolve(
        Object.keys(blocks)
          .map(Number)
          .filter((slot) => slot >= fromSlot)
          .slice(0, limit),
      ),
    block: (slot): Promise<BlockLookup> => {
      const block = blocks[slot];
      if (!block) return Promise.resolve({ kind: 'not-here', code });
      const { parentSlot, signatures = [] } = block;
      const hashes = { blockhash: '', previousBlockhash: '', blockTime: null };
      return Promise.resolve({ kind: 'block', slot, parentSlot, signatures, ...hashes });
    },
  };
}

it('is proven by the finalized block of that slot', async () => {
  const chain = node({ 100: { parentSlot: 99, signatures: ['other'] } });
  expect(await proveDropped(chain, 'ours', SLOT)).toEqual({ kind: 'dropped', how: 'block-lacks-it' });
  expect(await proveDropped(chain, 'other', SLOT)).toEqual({ kind: 'present' });
});

it('is proven by the next finalized block when that skips the slot (TRAPS 14)', async () => {
  expect(await proveDropped(node({ 103: { parentSlot: 99 } }), 'ours', SLOT)).toEqual({
    kind: 'dropped',
    how: 'slot-skipped',
  });
});

it.each([-32_001, -32_004, -32_007, -32_009, -32_014, null])(
  'is not proven by error code %s: the block after it stands on the missing one (I5)',
  async (code) => {
    const proof = await proveDropped(node({ 101: { parentSlot: 100 } }, { code }), 'ours', SLOT);
    expect(proof.kind).toBe('unknown');
  },
);

it.each([-32_001, -32_004, -32_007, -32_009, -32_014, null])(
  'is not proven by error code %s without any block after it (I5)',
  async (code) => {
    expect((await proveDropped(node({}, { code }), 'ours', SLOT)).kind).toBe('unknown');
  },
);

it('is unknown to a node without that history, before finality, and across a long hole (I5)', async () => {
  const lacking = { 100: { parentSlot: 99 } };
  expect((await proveDropped(node(lacking, { first: 101 }), 'ours', SLOT)).kind).toBe('unknown');
  expect((await proveDropped(node(lacking, { finalized: 100 }), 'ours', SLOT)).kind).toBe('unknown');
  expect((await proveDropped(node({ 165: { parentSlot: 99 } }), 'ours', SLOT)).kind).toBe('unknown');
  expect((await proveDropped(node({ 164: { parentSlot: 99 } }), 'ours', SLOT)).kind).toBe('dropped');
});
