import type { SignatureInfo } from './chain-port.js';

/** Where a walk continues: older than `before`, which sits in `slot`. Plain JSON, so that a long walk can be resumed. */
export interface PageCursor {
  readonly before: string;
  readonly slot: number;
  /**
   * Some signatures of the slot below the cursor: seen already, so they must show up again. Null when the cursor had to
   * be placed inside a slot; then nothing tells a complete page from one that skipped.
   */
  readonly mustRepeat: { readonly slot: number; readonly signatures: readonly string[] } | null;
}

/** Enough to notice another node or a lost fork, small enough to be stored with the cursor. */
const WITNESSES = 8;

/**
 * The cursor for the page after `page` (newest first, without placeholders); undefined for an empty one.
 *
 * Nodes order signatures within a slot differently and may skip when asked to continue in the middle of one
 * (solana#22456, agave#907). So the walk continues from the last signature *above* the page's oldest slot, and that slot
 * is read again in full. Where one slot fills the page there is nothing above it, and `inside` is what is left.
 */
export function cursorAfter(page: readonly SignatureInfo[], inside: boolean): PageCursor | undefined {
  const last = page.at(-1);
  if (last === undefined) return undefined;
  const oldest = oldestSlot(page);
  const above = inside ? undefined : page.findLast((info) => info.slot > oldest);
  if (above === undefined) return { before: last.signature, slot: last.slot, mustRepeat: null };
  const witnesses = page.filter((info) => info.slot === oldest).slice(0, WITNESSES);
  const signatures = witnesses.map((info) => info.signature);
  return { before: above.signature, slot: above.slot, mustRepeat: { slot: oldest, signatures } };
}

/** Whether a page shows what it must, given where it was asked to continue. */
export function continues(page: readonly SignatureInfo[], cursor: PageCursor, pageSize: number): boolean {
  // Newer than the cursor: the node ignored it, and would send this page for ever.
  if (page.some((info) => info.slot > cursor.slot)) return false;
  if (cursor.mustRepeat === null) return true;
  const { slot, signatures } = cursor.mustRepeat;
  // A full page may end before or within that slot, having listed it in another order.
  if (page.length >= pageSize && oldestSlot(page) >= slot) return true;
  const listed = new Set(page.map((info) => info.signature));
  return signatures.every((signature) => listed.has(signature));
}

/** Infinity for an empty page. */
export function oldestSlot(page: readonly SignatureInfo[]): number {
  return page.reduce((oldest, info) => Math.min(oldest, info.slot), Infinity);
}
