import type { Commitment } from '../lib/commitment.js';
import type { ChainPort, SignatureInfo } from './chain-port.js';
import { continues, cursorAfter, oldestSlot, type PageCursor } from './page-cursor.js';
import { RpcError, type RpcReason } from './rpc-error.js';
import { PLACEHOLDER_SIGNATURE } from './subscription-state.js';

export interface SignatureWalk {
  /** Inclusive: the walk goes on until it has seen everything from here up. */
  readonly fromSlot: number;
  readonly commitment: Commitment;
  /** Continue where an interrupted walk stopped: its last page's `cursor`. */
  readonly startAt?: PageCursor;
  /** 1..1000. */
  readonly pageSize: number;
  readonly minContextSlot?: number;
}

export interface SignaturePage {
  /** Newest first, each once per walk, none below `fromSlot`; may be empty. */
  readonly signatures: readonly SignatureInfo[];
  /** Null on the last page. */
  readonly cursor: PageCursor | null;
}

export type WalkOutcome =
  /** Everything from `fromSlot` up was listed, as this node sees it. `oldestSlot`: the oldest slot listed, if any. */
  | { readonly reached: true; readonly oldestSlot: number | null }
  | { readonly reached: false; readonly reason: WalkFailure };

export type WalkFailure =
  | RpcReason
  /** A page lacked signatures an earlier one had: the node behind the address changed, or a fork dropped the cursor. */
  | 'inconsistent'
  /** Pages keep repeating what is known. */
  | 'stuck'
  /** The listing ended, but the node's history starts above `fromSlot`. */
  | 'history-missing';

type WalkChain = Pick<ChainPort, 'signaturesFor' | 'firstAvailableBlock' | 'signatureStatuses'>;

/**
 * Walks an address's history backwards. One walk is one node's opinion and history is transiently incomplete
 * (solana#21843): use a chain that does not change nodes midway, and compare two walks before trusting the span.
 * Never throws an RpcError: it ends the walk as its outcome.
 */
export async function* walkSignatures(
  chain: WalkChain,
  address: string,
  walk: SignatureWalk,
): AsyncGenerator<SignaturePage, WalkOutcome, void> {
  try {
    return yield* walkPages(chain, address, walk);
  } catch (error) {
    if (error instanceof RpcError) return { reached: false, reason: error.reason };
    throw error;
  }
}

async function* walkPages(
  chain: WalkChain,
  address: string,
  walk: SignatureWalk,
): AsyncGenerator<SignaturePage, WalkOutcome, void> {
  const { fromSlot, commitment, minContextSlot, pageSize } = walk;
  let cursor = walk.startAt;
  let oldest: number | null = null;
  /** Of the slots the next page may list again: what lies above the cursor cannot come back. */
  let seen = new Map<string, number>();

  for (let idlePages = 0; ;) {
    const page = await chain.signaturesFor(address, {
      limit: pageSize,
      commitment,
      ...(cursor === undefined ? {} : { before: cursor.before }),
      ...(minContextSlot === undefined ? {} : { minContextSlot }),
    });
    if (cursor !== undefined && !continues(page, cursor, pageSize)) return { reached: false, reason: 'inconsistent' };

    const usable = page.filter((info) => info.signature !== PLACEHOLDER_SIGNATURE);
    const fresh = usable.filter((info) => !seen.has(info.signature));
    for (const info of usable) seen.set(info.signature, info.slot);
    const lowest = oldestSlot(usable);
    if (lowest < (oldest ?? Infinity)) oldest = lowest;

    const below = oldest !== null && oldest < fromSlot;
    const idle = fresh.length === 0;
    // A node may give fewer than it was asked for. Where completeness is at stake, only a page with nothing new is the end.
    const ended = page.length < pageSize && (idle || page.length === 0 || commitment !== 'finalized');
    const next = below || ended ? undefined : cursorAfter(usable, idle);
    const signatures = fresh.filter((info) => info.slot >= fromSlot && isAsSettledAs(info, commitment));
    if (signatures.length > 0 || next !== undefined) yield { signatures, cursor: next ?? null };

    if (below) return { reached: true, oldestSlot: oldest };
    if (ended) return endOfHistory(chain, page, cursor, fromSlot, oldest);
    idlePages = idle ? idlePages + 1 : 0;
    if (next === undefined || idlePages > 1) return { reached: false, reason: 'stuck' };
    cursor = next;
    const { slot } = next;
    seen = new Map([...seen].filter(([, seenSlot]) => seenSlot <= slot));
  }
}

/** An empty page alone is not the end: it is also how a node answers that does not know the cursor, or lost history. */
async function endOfHistory(
  chain: WalkChain,
  page: readonly SignatureInfo[],
  cursor: PageCursor | undefined,
  fromSlot: number,
  oldest: number | null,
): Promise<WalkOutcome> {
  if (page.length === 0 && cursor !== undefined) {
    const { statuses } = await chain.signatureStatuses([cursor.before]);
    if (statuses[0]?.slot !== cursor.slot) return { reached: false, reason: 'inconsistent' };
  }
  // Asked last: a node that prunes during the walk must not be believed about what it had before.
  if ((await chain.firstAvailableBlock()) > fromSlot) return { reached: false, reason: 'history-missing' };
  return { reached: true, oldestSlot: oldest };
}

/** Surfnet lists confirmed signatures when asked for finalized ones, but says so. */
function isAsSettledAs(info: SignatureInfo, commitment: Commitment): boolean {
  return info.commitment !== 'processed' && (commitment === 'confirmed' || info.commitment !== 'confirmed');
}
