import idl from '../../idl/coupons.json' with { type: 'json' };
import type { HistoryNotice } from './history.js';

/** How the node behaves. Whatever is not said, it does as a healthy validator does. */
export interface HistoryNodeOptions {
  /** The first so many history pages lack a transaction each (solana#21843). */
  readonly incompletePages?: number;
  /** The node kept nothing below. */
  readonly firstAvailable?: number;
}

/** A JSON-RPC answer without its envelope. */
export type NodeAnswer = { readonly result: unknown } | { readonly error: { readonly code: number; message: string } };

/** A made-up cluster's genesis, so that a database bound to it is bound to no other. */
const GENESIS_HASH = 'HistoryNode111111111111111111111111111111111';
const PAYER = 'Payer11111111111111111111111111111111111111';
const SLOTS_ABOVE_THE_LAST = 100;
const LARGEST_PAGE = 1_000;

/** Answers as a node whose whole history is one generated list of the coupons program. Everything in it is finalized. */
export class HistoryNode {
  readonly #positions: ReadonlyMap<string, number>;
  readonly #head: number;
  #pages = 0;

  /** @param transactions oldest first. */
  constructor(
    private readonly transactions: readonly HistoryNotice[],
    private readonly options: HistoryNodeOptions = {},
  ) {
    this.#positions = new Map(transactions.map(({ notice }, position) => [notice.signature, position]));
    this.#head = (transactions.at(-1)?.notice.slot ?? 0) + SLOTS_ABOVE_THE_LAST;
  }

  /** One request. */
  answer(method: string, params: readonly unknown[]): NodeAnswer {
    switch (method) {
      case 'getGenesisHash':
        return { result: GENESIS_HASH };
      case 'getSlot':
      case 'getBlockHeight':
        return { result: this.#head };
      case 'getHealth':
        return { result: 'ok' };
      case 'getFirstAvailableBlock':
        return { result: this.options.firstAvailable ?? 0 };
      case 'getSignaturesForAddress':
        return this.#page(String(params[0]), params[1] ?? {});
      case 'getTransaction':
        return { result: this.#transaction(String(params[0])) };
      case 'getSignatureStatuses':
        return { result: { context: this.#context(), value: (params[0] as string[]).map((one) => this.#status(one)) } };
      case 'getBlock':
        return this.#block(Number(params[0]));
      case 'getBlocksWithLimit':
        return { result: Array.from({ length: Number(params[1]) }, (_, above) => Number(params[0]) + above) };
      case 'getMultipleAccounts':
        return { result: { context: this.#context(), value: (params[0] as unknown[]).map(() => null) } };
      default:
        return { error: { code: -32_601, message: `Method not found: ${method}` } };
    }
  }

  #context() {
    return { slot: this.#head };
  }

  #at(signature: string): HistoryNotice['notice'] | undefined {
    const position = this.#positions.get(signature);
    const notice = position === undefined ? undefined : this.transactions[position]?.notice;
    return notice && notice.slot >= (this.options.firstAvailable ?? 0) ? notice : undefined;
  }

  #page(address: string, { before, until, limit = LARGEST_PAGE }: PageQuery): NodeAnswer {
    if (address !== idl.address) return { result: [] };
    // As agave 4.1 answers for a signature it does not know.
    if (before !== undefined && !this.#at(before)) {
      return { error: { code: -32_020, message: `Before signature ${before} not found` } };
    }
    const listed: object[] = [];
    const newest = before === undefined ? this.transactions.length : (this.#positions.get(before) ?? 0);
    for (let position = newest - 1; position >= 0 && listed.length < limit; position--) {
      const notice = this.transactions[position]?.notice;
      if (!notice || notice.signature === until || notice.slot < (this.options.firstAvailable ?? 0)) break;
      const { signature, slot } = notice;
      listed.push({ signature, slot, err: null, memo: null, blockTime: null, confirmationStatus: 'finalized' });
    }
    // One that is not the last of the page: that one is where a walk goes on.
    if (this.#pages++ < (this.options.incompletePages ?? 0)) listed.splice(Math.floor(listed.length / 2), 1);
    return { result: listed };
  }

  #transaction(signature: string): unknown {
    const notice = this.#at(signature);
    if (!notice) return null;
    return {
      slot: notice.slot,
      blockTime: null,
      version: 0,
      transaction: {
        signatures: [signature],
        message: {
          header: { numRequiredSignatures: 1, numReadonlySignedAccounts: 0, numReadonlyUnsignedAccounts: 1 },
          accountKeys: [PAYER, idl.address],
          instructions: [{ programIdIndex: 1, accounts: [], data: '', stackHeight: null }],
          recentBlockhash: GENESIS_HASH,
        },
      },
      meta: {
        err: null,
        status: { Ok: null },
        fee: 5_000,
        logMessages: notice.logs,
        innerInstructions: [],
        loadedAddresses: { writable: [], readonly: [] },
      },
    };
  }

  #status(signature: string): unknown {
    const notice = this.#at(signature);
    return notice ? { slot: notice.slot, confirmations: null, err: null, confirmationStatus: 'finalized' } : null;
  }

  #block(slot: number): NodeAnswer {
    if (slot > this.#head) return { error: { code: -32_004, message: `Block not available for slot ${slot}` } };
    const signatures = this.transactions.flatMap(({ notice }) => (notice.slot === slot ? [notice.signature] : []));
    const block = { blockhash: GENESIS_HASH, previousBlockhash: GENESIS_HASH, parentSlot: slot - 1, signatures };
    return { result: { ...block, blockTime: null, blockHeight: slot } };
  }
}

interface PageQuery {
  readonly before?: string;
  readonly until?: string;
  readonly limit?: number;
}
