import type { mongo } from 'mongoose';
import type { BlockHeaderLookup, ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { touchLease } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { BoundedMap } from '../lib/bounded-map.js';
import type { Commitment } from '../lib/commitment.js';
import { ledgerEvents } from '../ledger/ledger-collections.js';
import { noteBlocks, type BlockNote, type BlockStamp } from '../ledger/mark-records.js';

/** Headers asked for at once, and slots looked at in one pass: what is left is looked at in the next. */
const HEADERS_AT_ONCE = 8;
const SLOTS_PER_PASS = 64;
/** Headers remembered, so that a slot whose events come one after another costs one request. */
const HEADERS_REMEMBERED = 1_000;

interface BlockWatchDependencies {
  readonly db: mongo.Db;
  readonly chain: Pick<ChainPort, 'blockHeader'>;
  /** How many slots below the finalized one blocks are still compared; 0 = never ask for any. */
  readonly checkSlots: number;
}

/**
 * Keeps the hash of each recent block that holds events of a program, and fetches the finalized one to compare it with
 * (compare-blocks.ts). Two small requests per slot with events; history that was final long before it was seen costs
 * none. What cannot be had is null: finality never waits for a hash.
 */
export class BlockWatch {
  readonly #confirmed = new BoundedMap<number, BlockHeaderLookup>(HEADERS_REMEMBERED);
  readonly #finalized = new BoundedMap<number, BlockHeaderLookup>(HEADERS_REMEMBERED);

  constructor(
    private readonly dependencies: BlockWatchDependencies,
    private readonly work: LeaseWork,
    private readonly module: DomainModule,
  ) {}

  /** Notes the block of every event above the finalized slot that has no note yet. */
  async keep(finalizedSlot: number): Promise<void> {
    const { db, checkSlots } = this.dependencies;
    if (checkSlots === 0) return;
    const program = this.module.name;
    const open = await ledgerEvents(db)
      .find(
        { program, commitment: 'confirmed', kind: 'event', blockhash: null, slot: { $gt: finalizedSlot } },
        { projection: { slot: 1 } },
      )
      .sort({ slot: 1 })
      .toArray();
    const slots = [...new Set(open.map(({ slot }) => Number(slot)))].slice(0, SLOTS_PER_PASS);
    const headers = await this.#headers(this.#confirmed, slots, 'confirmed');
    await this.#note(
      [...headers].flatMap(([slot, header]) => (header?.kind === 'block' ? [{ slot, stamp: stampOf(header) }] : [])),
    );
  }

  /** The finalized blocks of these slots, as far as they are recent enough to be asked for; null = could not be asked. */
  async finalized(
    slots: readonly number[],
    finalizedSlot: number,
  ): Promise<ReadonlyMap<number, BlockHeaderLookup | null>> {
    const { checkSlots } = this.dependencies;
    const recent = slots.filter((slot) => slot <= finalizedSlot && slot > finalizedSlot - checkSlots);
    return this.#headers(this.#finalized, [...new Set(recent)], 'finalized');
  }

  /** Puts the finalized block in the place of the one a transaction's events were seen in. */
  async correct(signature: string, header: BlockHeaderLookup & { readonly kind: 'block' }): Promise<void> {
    await this.#note([{ slot: header.slot, signature, stamp: stampOf(header) }]);
  }

  async #note(notes: readonly BlockNote[]): Promise<void> {
    if (notes.length === 0) return;
    const { db } = this.dependencies;
    const { lease } = this.work;
    await this.work.exclusive(() =>
      inLeaseTransaction(db, lease, async (session) => {
        await noteBlocks(db, session, this.module.name, notes);
        await touchLease(db, lease, session);
      }),
    );
  }

  async #headers(
    remembered: BoundedMap<number, BlockHeaderLookup>,
    slots: readonly number[],
    commitment: Commitment,
  ): Promise<Map<number, BlockHeaderLookup | null>> {
    const headers = new Map<number, BlockHeaderLookup | null>();
    const left = slots.filter((slot) => {
      const known = remembered.get(slot);
      if (known) headers.set(slot, known);
      return !known;
    });
    const ask = async (): Promise<void> => {
      for (let slot = left.shift(); slot !== undefined; slot = left.shift()) {
        const header = await this.#ask(slot, commitment);
        headers.set(slot, header);
        if (header?.kind === 'block') remembered.set(slot, header);
      }
    };
    await Promise.all(Array.from({ length: HEADERS_AT_ONCE }, ask));
    return headers;
  }

  async #ask(slot: number, commitment: Commitment): Promise<BlockHeaderLookup | null> {
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
