import type {
  BlockLookup,
  ChainPort,
  SignatureInfo,
  SignaturesQuery,
  SignatureStatus,
} from '../../../src/chain/chain-port.js';
import type { Commitment } from '../../../src/lib/commitment.js';
import type { HistoryTransaction } from '../../support/coupon-history.js';

/** A cluster's view that a test rewrites at will: the part that finality and sweeps ask. What is at or below its slot is final. */
export class FakeChain {
  readonly landed = new Map<string, HistoryTransaction>();
  readonly skippedSlots = new Set<number>();
  finalizedSlot = 1_000_000;
  /** Where a fork put another block than the usual one. */
  readonly blockhashes = new Map<number, string>();
  statusCalls = 0;
  /** A node that lost its history of transactions. */
  forgetsStatuses = false;
  /** The node kept nothing below. */
  firstAvailable = 0;
  /** How settled each asked-for page of history was to be. */
  readonly walks: Commitment[] = [];
  /** Pages of that commitment fail with this. */
  readonly failing = new Map<Commitment, Error>();

  land(...transactions: readonly HistoryTransaction[]): void {
    for (const transaction of transactions) this.landed.set(transaction.signature, transaction);
  }

  drop(signature: string): void {
    this.landed.delete(signature);
  }

  /** As the only endpoint. */
  get members() {
    return [{ name: 'fake', chain: this.port }];
  }

  get port(): ChainPort {
    const port: Partial<ChainPort> = {
      slot: () => Promise.resolve(this.finalizedSlot),
      firstAvailableBlock: () => Promise.resolve(this.firstAvailable),
      signaturesFor: (_, query) => {
        this.walks.push(query.commitment);
        const failure = this.failing.get(query.commitment);
        return failure ? Promise.reject(failure) : Promise.resolve(this.#page(query));
      },
      signatureStatuses: (signatures) => {
        this.statusCalls += 1;
        return Promise.resolve({
          contextSlot: this.finalizedSlot,
          statuses: signatures.map((one) => this.#status(one)),
        });
      },
      block: (slot) => Promise.resolve(this.#block(slot)),
      blockHeader: (slot) => Promise.resolve(this.#block(slot)),
      blocks: (fromSlot, limit) => {
        const slots: number[] = [];
        for (let slot = fromSlot; slots.length < limit; slot++) if (!this.skippedSlots.has(slot)) slots.push(slot);
        return Promise.resolve(slots);
      },
    };
    return port as ChainPort;
  }

  #page({ before, limit, commitment }: SignaturesQuery): SignatureInfo[] {
    const listing = [...this.landed.values()]
      .filter(({ slot }) => slot >= this.firstAvailable && (commitment === 'confirmed' || slot <= this.finalizedSlot))
      .sort((one, other) => other.slot - one.slot)
      .map(({ signature, slot }): SignatureInfo => {
        const settled = slot <= this.finalizedSlot ? 'finalized' : 'confirmed';
        return { signature, slot, failed: false, blockTime: null, commitment: settled };
      });
    const start = before === undefined ? 0 : listing.findIndex(({ signature }) => signature === before) + 1;
    return listing.slice(start, start + limit);
  }

  #status(signature: string): SignatureStatus | null {
    const transaction = this.forgetsStatuses ? undefined : this.landed.get(signature);
    const commitment = transaction && transaction.slot <= this.finalizedSlot ? 'finalized' : 'confirmed';
    return transaction ? { slot: transaction.slot, failed: false, commitment, confirmations: null } : null;
  }

  #block(slot: number): BlockLookup {
    if (this.skippedSlots.has(slot)) return { kind: 'not-here', code: -32_007 };
    let parentSlot = slot - 1;
    while (this.skippedSlots.has(parentSlot)) parentSlot -= 1;
    const signatures = [...this.landed.values()].filter((one) => one.slot === slot).map(({ signature }) => signature);
    const blockhash = this.blockhashes.get(slot) ?? `block ${slot}`;
    return { kind: 'block', slot, parentSlot, signatures, blockhash, previousBlockhash: '', blockTime: slot };
  }
}
