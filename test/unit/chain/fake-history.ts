import type { ChainPort, SignatureInfo, SignaturesQuery, SignatureStatus } from '../../../src/chain/chain-port.js';
import type { RpcError } from '../../../src/chain/rpc-error.js';

export interface FakeHistoryOptions {
  /** Signatures per slot, by slot. */
  readonly slots: ReadonlyMap<number, number>;
  /** A permutation of a slot's signatures; called for every request, so it may differ each time. */
  readonly order?: (signatures: string[]) => string[];
  /** The node kept nothing below. */
  readonly firstAvailable?: number;
  /** Of the requests, those that fail. */
  readonly failing?: (request: number) => RpcError | undefined;
}

/** An address's history on one node, listed as a node lists it: slots descending, within a slot in its own order. */
export class FakeHistory implements Pick<ChainPort, 'signaturesFor' | 'firstAvailableBlock' | 'signatureStatuses'> {
  readonly queries: SignaturesQuery[] = [];

  constructor(public options: FakeHistoryOptions) {}

  /** Everything at or above a slot, as a sorted list. */
  all(fromSlot: number): string[] {
    const { slots } = this.options;
    return [...slots]
      .filter(([slot]) => slot >= fromSlot)
      .flatMap(([slot, count]) => signaturesOf(slot, count))
      .sort();
  }

  async signaturesFor(_address: string, query: SignaturesQuery): Promise<readonly SignatureInfo[]> {
    this.queries.push(query);
    const failure = this.options.failing?.(this.queries.length);
    if (failure) throw failure;
    const listing = this.#listing();
    const start = query.before === undefined ? 0 : listing.findIndex((info) => info.signature === query.before) + 1;
    // A node that does not know `before` answers with nothing.
    if (query.before !== undefined && start === 0) return [];
    return listing.slice(start, start + query.limit);
  }

  async firstAvailableBlock(): Promise<number> {
    return this.options.firstAvailable ?? 0;
  }

  async signatureStatuses(signatures: readonly string[]) {
    const listing = this.#listing();
    const statuses = signatures.map((signature): SignatureStatus | null => {
      const found = listing.find((info) => info.signature === signature);
      return found ? { slot: found.slot, failed: false, commitment: 'finalized', confirmations: null } : null;
    });
    return { contextSlot: 1_000_000, statuses };
  }

  #listing(): SignatureInfo[] {
    const { slots, order = (same) => same, firstAvailable = 0 } = this.options;
    return [...slots]
      .filter(([slot]) => slot >= firstAvailable)
      .sort(([a], [b]) => b - a)
      .flatMap(([slot, count]) =>
        order(signaturesOf(slot, count)).map((signature) => ({
          signature,
          slot,
          failed: false,
          blockTime: null,
          commitment: 'finalized' as const,
        })),
      );
  }
}

function signaturesOf(slot: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${slot}/${index}`);
}
