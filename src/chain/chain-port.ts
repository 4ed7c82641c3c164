import type { Commitment } from '../lib/commitment.js';
import type { RpcError } from './rpc-error.js';

/** One entry of an address's history. `commitment` is what the node says of it, null where it says nothing. */
export interface SignatureInfo {
  readonly signature: string;
  readonly slot: number;
  /** True when the transaction landed with an error. */
  readonly failed: boolean;
  /** Seconds since the Unix epoch, null where the node does not know. */
  readonly blockTime: number | null;
  readonly commitment: ReportedCommitment | null;
}

/** What a node may call a transaction; `processed` is reported to us, never asked for. */
export type ReportedCommitment = Commitment | 'processed';

export interface SignaturesQuery {
  /** Exclusive: older than this signature. One that does not know it says `not-here` (agave 4.1) or sends an empty page. */
  readonly before?: string;
  /** Exclusive: newer than this signature. */
  readonly until?: string;
  /** 1..1000. */
  readonly limit: number;
  readonly commitment: Commitment;
  readonly minContextSlot?: number;
}

export interface SignatureStatus {
  readonly slot: number;
  readonly failed: boolean;
  readonly commitment: ReportedCommitment;
  /** Null once the slot is rooted. */
  readonly confirmations: number | null;
}

/**
 * A block by slot at finalized. `not-here` means UNKNOWN: every code a node gives for a missing slot (-32001, -32004,
 * -32007, -32009, -32014, …) also stands for "missing on this node" (solana#14145, #17000). `code` is null where the
 * node answered `null`. A slot is skipped only when a later finalized block's parentSlot is below it.
 */
export type BlockLookup =
  | {
      readonly kind: 'block';
      readonly slot: number;
      readonly parentSlot: number;
      readonly blockhash: string;
      readonly previousBlockhash: string;
      readonly blockTime: number | null;
      readonly signatures: readonly string[];
    }
  | { readonly kind: 'not-here'; readonly code: number | null };

/** A block without its transactions, at the commitment asked for. `not-here` is as unknown as it is in `BlockLookup`. */
export type BlockHeaderLookup =
  | {
      readonly kind: 'block';
      readonly slot: number;
      readonly parentSlot: number;
      readonly blockhash: string;
      readonly previousBlockhash: string;
      /** Seconds since the Unix epoch, null where the node does not know. */
      readonly blockTime: number | null;
    }
  | { readonly kind: 'not-here'; readonly code: number | null };

export interface AccountInfo {
  readonly owner: string;
  readonly lamports: bigint;
  readonly data: Uint8Array;
}

export interface ProgramAccount extends AccountInfo {
  readonly address: string;
}

export interface AccountsAnswer {
  /** The slot the answer speaks of; the lowest where the question took several requests. */
  readonly contextSlot: number;
  /** In the order asked. Null = no such account at that slot on this node. */
  readonly accounts: readonly (AccountInfo | null)[];
}

/** `getTransaction`'s answer, not yet looked into. */
export type RawTransaction = Readonly<Record<string, unknown>>;

export interface SendOptions {
  readonly skipPreflight: boolean;
  readonly preflightCommitment: Commitment;
  /** Rebroadcasting is ours (TRAPS 20): the node must not resend behind our back. */
  readonly maxRetries: 0;
}

export interface SimulationAnswer {
  readonly contextSlot: number;
  /** Null when the transaction would succeed; otherwise the node's error as JSON. */
  readonly err: unknown;
  readonly logs: readonly string[];
  readonly unitsConsumed: number | null;
  /** As they would be afterwards, in the order asked; empty where none were asked for, or nothing is known of them. */
  readonly accounts: readonly (AccountInfo | null)[];
}

/**
 * Everything the deciding code may ask a cluster. Every method throws `RpcError` and nothing else; no answer, an error
 * and a null are *unknown*, never *absent* (I5). A simulated cluster implements this as well. `minContextSlot`: an
 * answer from an older view of the chain is `not-ready`, also where the node ignores it.
 */
export interface ChainPort {
  genesisHash(): Promise<string>;
  slot(commitment: Commitment, minContextSlot?: number): Promise<number>;
  /** The answer tells no slot, so a node that ignores `minContextSlot` is not found out here. */
  blockHeight(commitment: Commitment, minContextSlot?: number): Promise<number>;
  /**
   * A slot and the block height there, from one answer: of one node, also where several are behind one address. Some say what
   * they have at confirmed, whatever is asked (Surfnet).
   */
  epochInfo(commitment: Commitment): Promise<{ slot: number; blockHeight: number }>;
  /** The oldest slot whose block this node still has: an empty history page below it says nothing. */
  firstAvailableBlock(): Promise<number>;
  /** One page, newest first; includes failures. See signature-pages.ts for walking. */
  signaturesFor(address: string, query: SignaturesQuery): Promise<readonly SignatureInfo[]>;
  /** The raw `getTransaction` answer (encoding json, versions up to 1). Null = not known HERE. */
  transaction(signature: string, commitment: Commitment): Promise<unknown>;
  /**
   * Any number of them, in the order asked: the raw answer, null = not known HERE, or why this one could not be asked.
   * One that fails takes none of its neighbours with it. In batches where the endpoint takes them.
   */
  transactions(
    signatures: readonly string[],
    commitment: Commitment,
  ): Promise<readonly (RawTransaction | null | RpcError)[]>;
  /** Any number of signatures, history searched, in the order asked. Null = not known HERE. */
  signatureStatuses(
    signatures: readonly string[],
    minContextSlot?: number,
  ): Promise<{ contextSlot: number; statuses: readonly (SignatureStatus | null)[] }>;
  block(slot: number): Promise<BlockLookup>;
  /** A block's hash, parent and time: a small answer, however many transactions it holds. */
  blockHeader(slot: number, commitment: Commitment): Promise<BlockHeaderLookup>;
  /** Slots with blocks at or after `fromSlot`, ascending, at most `limit`. */
  blocks(fromSlot: number, limit: number, commitment: Commitment): Promise<readonly number[]>;
  accounts(addresses: readonly string[], commitment: Commitment, minContextSlot?: number): Promise<AccountsAnswer>;
  /** Accounts the program owns, optionally only those whose data starts with `discriminator`. */
  programAccounts(
    programId: string,
    filters: { readonly discriminator?: Uint8Array },
    commitment: Commitment,
    minContextSlot?: number,
  ): Promise<{ contextSlot: number; accounts: readonly ProgramAccount[] }>;
  /** Addresses of accounts the program owns whose data starts with `discriminator`: a small answer, without the data. */
  programAccountKeys(
    programId: string,
    discriminator: Uint8Array,
    commitment: Commitment,
    minContextSlot?: number,
  ): Promise<{ contextSlot: number; addresses: readonly string[] }>;
  latestBlockhash(
    commitment: Commitment,
    minContextSlot?: number,
  ): Promise<{ blockhash: string; lastValidBlockHeight: number; contextSlot: number }>;
  /**
   * Hands signed bytes to a node, once: never retried here. The signature it returns means accepted, not landed. Throws
   * `transaction-rejected` (with `logs` and `transactionError` of the preflight), `already-processed`,
   * `blockhash-not-found` or a transport reason, after which the transaction may still land.
   */
  sendTransaction(wire: Uint8Array, options: SendOptions): Promise<string>;
  /**
   * Runs it without landing it. Signatures are not checked, so an unsigned message will do. `watched`: accounts to be told
   * of as they would be afterwards.
   */
  simulateTransaction(wire: Uint8Array, commitment: Commitment, watched?: readonly string[]): Promise<SimulationAnswer>;
  /** Lowest priority fee per slot, micro-lamports per compute unit, scoped to these writable accounts (TRAPS 21). */
  recentPriorityFees(writableAccounts: readonly string[]): Promise<readonly { slot: number; fee: number }[]>;
}
