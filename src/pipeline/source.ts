import type { RecordSource } from '../ledger/ledger-record.js';

/** A transaction that mentioned a program, as a source announces it: a hint, never the truth (TRAPS 29). */
export interface SourceNotice {
  readonly programId: string;
  readonly signature: string;
  readonly slot: number;
  /** Unset: this source carries none. Null: the node keeps none. An empty list: the transaction wrote none. */
  readonly logs?: readonly string[] | null;
  readonly failed: boolean;
}

/** What a source tells whoever follows it. None of them may block; what they throw is logged and dropped. */
export interface SourceCallbacks {
  readonly onNotice: (notice: SourceNotice) => void;
  /** From here on everything above `slot` is announced; what happened up to and including it may not have been. */
  readonly onLive: (live: { readonly slot: number }) => void;
  /** A hole begins: until the next `onLive` nothing above `fromSlot` (null: nothing at all) is sure to be announced. */
  readonly onHole: (hole: { readonly fromSlot: number | null; readonly reason: string }) => void;
  /** The node's own root has risen: asking for the finalized slot now may tell something new. */
  readonly onSlot?: (slot: { readonly root: number }) => void;
}

export interface SourceStatus {
  /** Between `onLive` and `onHole`. */
  readonly live: boolean;
  /** The node's ids of its subscriptions by program; empty where a source has none. */
  readonly subscriptionIds: Readonly<Record<string, string>>;
  /** Failures since it was last stable. */
  readonly reconnectAttempts: number;
  /** Wall-clock milliseconds of the last answer or message. */
  readonly lastMessageAtMs: number | null;
  /** Newest slot heard of. */
  readonly lastSlot: number | null;
  /** Host only. */
  readonly url: string;
}

/**
 * Where notices come from. Whoever follows a source does not know which kind it is: it makes things fast, and what it
 * misses it says (`onHole`), so that the chain's own list is walked (src/recovery/gap-filler.ts).
 */
export interface Source {
  /** What its records are marked with. */
  readonly kind: RecordSource;
  start(): void;
  /** No callback is called once this has resolved. Cannot be started again. */
  stop(): Promise<void>;
  /** Begins anew, for whoever knows that something was missed. */
  restart(reason: string): void;
  status(): SourceStatus;
}
