import { createHash } from 'node:crypto';

/**
 * The node that a key belongs to (rendezvous hashing): the one whose hash together with the key is the highest. Whoever
 * knows the same nodes says the same, in every process and every version. A node that leaves gives its own keys alone to
 * others, one that comes takes its share alone. Null when there is no node.
 */
export function preferredNode(key: string, nodes: Iterable<string>): string | null {
  let preferred: { readonly node: string; readonly weight: Buffer } | null = null;
  for (const node of nodes) {
    const weight = weightOf(key, node);
    const order = preferred === null ? 1 : Buffer.compare(weight, preferred.weight);
    if (preferred === null || order > 0) preferred = { node, weight };
  }
  return preferred?.node ?? null;
}

/** The length in front keeps apart what would read the same together. */
function weightOf(key: string, node: string): Buffer {
  return createHash('sha256').update(`${node.length}:${node}${key}`).digest();
}
