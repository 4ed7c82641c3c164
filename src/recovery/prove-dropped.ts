import type { ChainPort } from '../chain/chain-port.js';

/** How far past a missing block the next one is looked for, in slots: longer outages are left as unknown. */
const NEXT_BLOCK_SEARCH_SLOTS = 64;

/** Was the version of a transaction in this slot dropped? `unknown` is the answer to everything that is not proof. */
export type DropProof =
  | { readonly kind: 'dropped'; readonly how: 'block-lacks-it' | 'slot-skipped' }
  | { readonly kind: 'present' }
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Looks for proof that `slot` does not hold `signature`: its finalized block lacks it, or the slot was skipped, which
 * shows in the first finalized block after it having a parent before it. Error codes for a missing block prove
 * nothing: they also mean "missing on this node" (TRAPS 14). A node that lost history cannot prove a thing.
 */
export async function proveDropped(
  chain: Pick<ChainPort, 'block' | 'blocks' | 'firstAvailableBlock' | 'slot'>,
  signature: string,
  slot: number,
): Promise<DropProof> {
  if ((await chain.firstAvailableBlock()) > slot)
    return { kind: 'unknown', reason: 'the node has no history of that slot' };
  if ((await chain.slot('finalized')) <= slot) return { kind: 'unknown', reason: 'the slot is not final yet' };
  const block = await chain.block(slot);
  if (block.kind === 'block') {
    if (block.signatures.includes(signature)) return { kind: 'present' };
    return { kind: 'dropped', how: 'block-lacks-it' };
  }
  const [next] = await chain.blocks(slot + 1, 1, 'finalized');
  if (next === undefined || next > slot + NEXT_BLOCK_SEARCH_SLOTS) {
    return { kind: 'unknown', reason: 'no finalized block after that slot is known' };
  }
  const after = await chain.block(next);
  if (after.kind === 'block' && after.parentSlot < slot) return { kind: 'dropped', how: 'slot-skipped' };
  return { kind: 'unknown', reason: 'the block of that slot is missing on this node' };
}
