import type { BlockHeaderLookup, ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import { BoundedMap } from '../lib/bounded-map.js';
import type { Clock } from '../lib/clock.js';
import type { Commitment } from '../lib/commitment.js';
import { heldKey } from '../ledger/held-transaction.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import type { BlockStamp } from '../ledger/mark-records.js';

/** Headers asked for at once, and slots looked at in one pass: what is left is looked at in the next. */
const HEADERS_AT_ONCE = 8;
const SLOTS_PER_PASS = 64;
/** Finalized headers remembered, so that a slot whose events are judged one after another costs one request. */
const HEADERS_REMEMBERED = 1_000;
/** Transactions remembered with their block: an hour of ten a second. One that is forgotten costs a request of its own. */
const HEARD_REMEMBERED = 50_000;
/**
 * A block asked for later than this after its transaction was heard, in milliseconds, may be another one already: what
 * was heard is then not known to be of it.
 */
const HEARD_JUST_NOW_MS = 3_000;

interface BlockWatchDependencies {
  readonly chain: Pick<ChainPort, 'blockHeader'>;
  readonly clock: Clock;
  /** How many slots below the finalized one blocks are still compared; 0 = never ask for any. */
  readonly checkSlots: number;
}

type TransactionAt = Pick<LedgerRecord, 'signature' | 'slot'>;

/**
 * Remembers which block each transaction stood in when it was heard, and fetches the finalized one to compare it with
 * (compare-blocks.ts): a fork may put the same transaction into the same slot with another outcome, which no status shows.
 * In memory alone: who takes over from another process has heard nothing, and asks for the transactions themselves. Two
 * small requests per slot with events, one more where they are heard apart; history that was final when it was read costs
 * none.
 */
export class BlockWatch {
  /** Hash of the block each was heard in. */
  readonly #heard = new BoundedMap<string, string>(HEARD_REMEMBERED);
  readonly #finalized = new BoundedMap<number, BlockHeaderLookup>(HEADERS_REMEMBERED);
  /** Heard, and the block not known yet. */
  readonly #open = new Map<string, { readonly slot: number; readonly heardAtMs: number }>();

  constructor(private readonly dependencies: BlockWatchDependencies) {}

  get isOn(): boolean {
    return this.dependencies.checkSlots > 0;
  }

  /** To be called as soon as events are read from what an endpoint says of now. */
  hear(records: readonly LedgerRecord[]): void {
    if (!this.isOn) return;
    const heardAtMs = this.dependencies.clock.monotonic();
    for (const record of records) {
      const key = heldKey(record);
      if (record.seenAs === 'finalized' || this.#heard.get(key) || this.#open.has(key)) continue;
      this.#open.set(key, { slot: record.slot, heardAtMs });
    }
  }

  /**
   * Asks for the blocks of what was heard just now. Nothing is remembered of them but for those: what is heard of a slot
   * later, be it while this asks, may stand in a block that a fork put there since.
   */
  async keep(): Promise<void> {
    const { clock } = this.dependencies;
    for (const [key, { heardAtMs }] of this.#open) {
      if (clock.monotonic() - heardAtMs > HEARD_JUST_NOW_MS) this.#open.delete(key);
    }
    const heardBefore = [...this.#open];
    const slots = [...new Set(heardBefore.map(([, { slot }]) => slot))].slice(0, SLOTS_PER_PASS);
    if (slots.length === 0) return;
    const headers = await this.#ask(slots, 'confirmed');
    for (const [key, { slot, heardAtMs }] of heardBefore) {
      const header = headers.get(slot);
      if (header?.kind !== 'block' || clock.monotonic() - heardAtMs > HEARD_JUST_NOW_MS) continue;
      this.#heard.set(key, header.blockhash);
      this.#open.delete(key);
    }
  }

  /** The hash of the block it was heard in; null where that is not known. */
  hashOf(transaction: TransactionAt): string | null {
    return this.#heard.get(heldKey(transaction)) ?? null;
  }

  /** The finalized blocks of these slots, as far as they are recent enough to be asked for; null = could not be asked. */
  async finalized(
    slots: readonly number[],
    finalizedSlot: number,
  ): Promise<ReadonlyMap<number, BlockHeaderLookup | null>> {
    const { checkSlots } = this.dependencies;
    const recent = slots.filter((slot) => slot <= finalizedSlot && slot > finalizedSlot - checkSlots);
    const headers = new Map<number, BlockHeaderLookup | null>();
    const unknown: number[] = [];
    for (const slot of new Set(recent)) {
      const known = this.#finalized.get(slot);
      if (known) headers.set(slot, known);
      else unknown.push(slot);
    }
    for (const [slot, header] of await this.#ask(unknown, 'finalized')) {
      headers.set(slot, header);
      if (header?.kind === 'block') this.#finalized.set(slot, header);
    }
    return headers;
  }

  /** The headers of these slots, a few at once; null = could not be asked. */
  async #ask(slots: readonly number[], commitment: Commitment): Promise<Map<number, BlockHeaderLookup | null>> {
    const headers = new Map<number, BlockHeaderLookup | null>();
    const left = [...slots];
    const askNext = async (): Promise<void> => {
      for (let slot = left.shift(); slot !== undefined; slot = left.shift()) {
        headers.set(slot, await this.#askOne(slot, commitment));
      }
    };
    await Promise.all(Array.from({ length: HEADERS_AT_ONCE }, askNext));
    return headers;
  }

  async #askOne(slot: number, commitment: Commitment): Promise<BlockHeaderLookup | null> {
    try {
      return await this.dependencies.chain.blockHeader(slot, commitment);
    } catch (error) {
      if (error instanceof RpcError) return null;
      throw error;
    }
  }
}

/** What a record keeps of a block. */
export function stampOf({ blockhash, blockTime }: BlockHeaderLookup & { readonly kind: 'block' }): BlockStamp {
  return { blockhash, blockTime: blockTime === null ? null : new Date(blockTime * 1_000) };
}
