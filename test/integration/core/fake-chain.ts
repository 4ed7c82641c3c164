import type { BlockLookup, ChainPort, SignatureStatus } from '../../../src/chain/chain-port.js';
import type { HistoryTransaction } from '../../support/coupon-history.js';

/** A cluster's view that a test rewrites at will: the part that finality asks. What is at or below its slot is final. */
export class FakeChain {
  readonly landed = new Map<string, HistoryTransaction>();
  readonly skippedSlots = new Set<number>();
  finalizedSlot = 1_000_000;
  statusCalls = 0;
  /** A node that lost its history of transactions. */
  forgetsStatuses = false;

  land(...transactions: readonly HistoryTransaction[]): void {
    for (const transaction of transactions) this.landed.set(transaction.signature, transaction);
  }

  drop(signature: string): void {
    this.landed.delete(signature);
  }

  get port(): ChainPort {
    const port: Partial<ChainPort> = {
      slot: () => Promise.resolve(this.finalizedSlot),
      firstAvailableBlock: () => Promise.resolve(0),
      signatureStatuses: (signatures) => {
        this.statusCalls += 1;
        return Promise.resolve({
          contextSlot: this.finalizedSlot,
          statuses: signatures.map((one) => this.#status(one)),
        });
      },
      block: (slot) => Promise.resolve(this.#block(slot)),
      blocks: (fromSlot, limit) => {
        const slots: number[] = [];
        for (let slot = fromSlot; slots.length < limit; slot++) if (!this.skippedSlots.has(slot)) slots.push(slot);
        return Promise.resolve(slots);
      },
    };
    return port as ChainPort;
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
    return { kind: 'block', slot, parentSlot, signatures, blockhash: '', previousBlockhash: '', blockTime: null };
  }
}
