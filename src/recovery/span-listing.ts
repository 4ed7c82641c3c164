import type { PageCursor } from '../chain/page-cursor.js';
import type { SignaturePage } from '../chain/signature-pages.js';
import { EMPTY_LISTING, withListed, type Listing } from './listing-digest.js';

/** Slots, both ends inclusive. */
export interface Span {
  readonly fromSlot: number;
  readonly toSlot: number;
}

/** Where an interrupted walk goes on, and what it had listed by then. Plain JSON. */
export interface WalkPosition {
  readonly cursor: PageCursor;
  readonly listing: Listing;
}

/** Slots that a walk has listed in full, and every transaction it listed there. */
export interface ListedSlots extends Span {
  readonly slotOf: ReadonlyMap<string, number>;
}

interface Listed {
  readonly signature: string;
  readonly slot: number;
  counted: boolean;
}

/**
 * Keeps account of what one walk lists of a span. A page may end within a slot, which the next one then lists again
 * (page-cursor.ts), also after a restart: the transactions of that slot are counted with the next page.
 */
export class SpanListing {
  #listing: Listing;
  /** Of slots that may not be listed in full yet. */
  #open: Listed[] = [];
  /** Every slot from here up to the end of the span is listed in full, or was before the walk was resumed. */
  #fullFrom: number;

  constructor(
    private readonly span: Span,
    startAt: WalkPosition | null = null,
  ) {
    this.#listing = startAt?.listing ?? EMPTY_LISTING;
    this.#fullFrom = span.toSlot + 1;
    if (startAt) {
      const { mustRepeat, slot } = startAt.cursor;
      this.#fullFrom = Math.min(this.#fullFrom, mustRepeat === null ? slot : mustRepeat.slot + 1);
    }
  }

  /** Takes the next page. Returns where the walk could go on after it (null after the last), and the slots it filled. */
  add({ signatures, cursor }: SignaturePage): {
    readonly position: WalkPosition | null;
    readonly full: ListedSlots | null;
  } {
    for (const { signature, slot } of signatures) {
      if (slot <= this.span.toSlot) this.#open.push({ signature, slot, counted: false });
    }
    // Whether this was all, only the end of the walk tells.
    if (cursor === null) return { position: null, full: null };
    const { mustRepeat, slot } = cursor;
    this.#count(mustRepeat === null ? -Infinity : mustRepeat.slot + 1);
    const full = this.#close(mustRepeat === null ? slot + 1 : mustRepeat.slot + 1);
    return { position: { cursor, listing: this.#listing }, full };
  }

  /** To be called when the walk has reached the beginning of the span. */
  end(): { readonly listing: Listing; readonly full: ListedSlots | null } {
    this.#count(-Infinity);
    const full = this.#close(this.span.fromSlot);
    return { listing: this.#listing, full };
  }

  #count(fromSlot: number): void {
    for (const item of this.#open) {
      if (item.counted || item.slot < fromSlot) continue;
      item.counted = true;
      this.#listing = withListed(this.#listing, item.signature, item.slot);
    }
  }

  #close(fromSlot: number): ListedSlots | null {
    const from = Math.max(fromSlot, this.span.fromSlot);
    if (from >= this.#fullFrom) return null;
    const listed = this.#open.filter(({ slot }) => slot >= from);
    this.#open = this.#open.filter(({ slot }) => slot < from);
    const toSlot = this.#fullFrom - 1;
    this.#fullFrom = from;
    return { fromSlot: from, toSlot, slotOf: new Map(listed.map(({ signature, slot }) => [signature, slot])) };
  }
}
