import type { Commitment } from '../lib/commitment.js';
import { asCount, asString, toBase58 } from './answer-shape.js';
import * as answers from './chain-answers.js';
import type {
  AccountsAnswer,
  BlockHeaderLookup,
  BlockLookup,
  ChainPort,
  RawTransaction,
  ReportedCommitment,
  SendOptions,
  SignaturesQuery,
  SignatureStatus,
} from './chain-port.js';
import { RpcError } from './rpc-error.js';
import { outcomeOf, type RpcRequest, type RpcTransport } from './rpc-transport.js';

// What a validator accepts in one request (agave rpc/src/rpc.rs: MAX_MULTIPLE_ACCOUNTS,
// MAX_GET_SIGNATURE_STATUSES_QUERY_ITEMS).
const ACCOUNTS_PER_REQUEST = 100;
const STATUSES_PER_REQUEST = 256;
/** Version 1 is on mainnet: asking for less fails with -32015 on the first such transaction (TRAPS 5). */
const NEWEST_TRANSACTION_VERSION = 1;

/** The chain over JSON-RPC. How often and where it asks is its transport's business. */
export class JsonRpcChain implements ChainPort {
  constructor(private readonly transport: RpcTransport) {}

  genesisHash() {
    return this.#ask('getGenesisHash', [], asString);
  }

  slot(commitment: Commitment, minContextSlot?: number) {
    const view = { commitment, slotOf: (slot: number) => slot };
    return this.#ask('getSlot', [{ commitment, minContextSlot }], asCount, { view, minContextSlot });
  }

  blockHeight(commitment: Commitment, minContextSlot?: number) {
    return this.#ask('getBlockHeight', [{ commitment, minContextSlot }], asCount);
  }

  epochInfo(commitment: Commitment) {
    return this.#ask('getEpochInfo', [{ commitment }], answers.readEpochInfo);
  }

  firstAvailableBlock() {
    return this.#ask('getFirstAvailableBlock', [], asCount);
  }

  signaturesFor(address: string, query: SignaturesQuery) {
    return this.#ask('getSignaturesForAddress', [address, query], answers.readSignaturePage);
  }

  transaction(signature: string, commitment: Commitment) {
    return this.transport.call(transactionRequest(signature, commitment));
  }

  async transactions(signatures: readonly string[], commitment: Commitment) {
    const requests = signatures.map((signature) => transactionRequest(signature, commitment));
    const elements = (await this.transport.callMany?.(requests)) ?? [];
    return Promise.all(
      requests.map(async (request, position) => {
        const element = elements[position] ?? (await outcomeOf(this.transport.call(request)));
        return element.kind === 'answer' ? (element.answer as RawTransaction | null) : element.error;
      }),
    );
  }

  async signatureStatuses(signatures: readonly string[], minContextSlot?: number) {
    const parts = await Promise.all(
      chunksOf(signatures, STATUSES_PER_REQUEST).map((chunk) =>
        this.#ask(
          'getSignatureStatuses',
          // The method knows no minContextSlot (agave 4.1): its context slot is all there is to look at.
          [chunk, { searchTransactionHistory: true }],
          answers.readStatuses(chunk.length),
          {
            // It answers from the newest bank, whatever is asked.
            view: viewOf('processed'),
            claimsAbsence: ({ statuses }) => statuses.includes(null),
            minContextSlot,
          },
        ),
      ),
    );
    const statuses: (SignatureStatus | null)[] = parts.flatMap((part) => part.statuses);
    return { contextSlot: lowestContext(parts), statuses };
  }

  block(slot: number): Promise<BlockLookup> {
    return this.#getBlock(slot, 'finalized', 'signatures', answers.readBlock(slot));
  }

  blockHeader(slot: number, commitment: Commitment): Promise<BlockHeaderLookup> {
    return this.#getBlock(slot, commitment, 'none', answers.readBlockHeader(slot));
  }

  blocks(fromSlot: number, limit: number, commitment: Commitment) {
    return this.#ask('getBlocksWithLimit', [fromSlot, limit, { commitment }], answers.readSlots(fromSlot));
  }

  async accounts(
    addresses: readonly string[],
    commitment: Commitment,
    minContextSlot?: number,
  ): Promise<AccountsAnswer> {
    const config = { commitment, encoding: 'base64', minContextSlot };
    const parts = await Promise.all(
      chunksOf(addresses, ACCOUNTS_PER_REQUEST).map((chunk) =>
        this.#ask('getMultipleAccounts', [chunk, config], answers.readAccounts(chunk.length), {
          view: viewOf(commitment),
          claimsAbsence: ({ accounts }) => accounts.includes(null),
          minContextSlot,
        }),
      ),
    );
    return { contextSlot: lowestContext(parts), accounts: parts.flatMap((part) => part.accounts) };
  }

  programAccounts(
    programId: string,
    filters: { readonly discriminator?: Uint8Array },
    commitment: Commitment,
    minContextSlot?: number,
  ) {
    const options = { minContextSlot };
    return this.#programAccounts(programId, filters.discriminator, commitment, options, answers.readProgramAccounts);
  }

  programAccountKeys(programId: string, discriminator: Uint8Array, commitment: Commitment, minContextSlot?: number) {
    const dataSlice = { offset: 0, length: 0 };
    const options = { minContextSlot, dataSlice };
    return this.#programAccounts(programId, discriminator, commitment, options, answers.readProgramAccountKeys);
  }

  latestBlockhash(commitment: Commitment, minContextSlot?: number) {
    return this.#ask('getLatestBlockhash', [{ commitment, minContextSlot }], answers.readLatestBlockhash, {
      view: viewOf(commitment),
      minContextSlot,
    });
  }

  sendTransaction(wire: Uint8Array, options: SendOptions) {
    const config = { ...options, encoding: 'base64' };
    return this.#ask('sendTransaction', [toBase64(wire), config], asString, { once: true });
  }

  simulateTransaction(wire: Uint8Array, commitment: Commitment, watched: readonly string[] = []) {
    const accounts = watched.length === 0 ? {} : { accounts: { encoding: 'base64', addresses: watched } };
    const config = { commitment, encoding: 'base64', sigVerify: false, replaceRecentBlockhash: true, ...accounts };
    return this.#ask('simulateTransaction', [toBase64(wire), config], answers.readSimulation, {
      view: viewOf(commitment),
    });
  }

  recentPriorityFees(writableAccounts: readonly string[]) {
    return this.#ask('getRecentPrioritizationFees', [writableAccounts], answers.readPriorityFees);
  }

  #programAccounts<T extends { readonly contextSlot: number }>(
    programId: string,
    discriminator: Uint8Array | undefined,
    commitment: Commitment,
    options: { readonly minContextSlot: number | undefined; readonly dataSlice?: object },
    read: (result: unknown) => T,
  ) {
    const filters = discriminator && [{ memcmp: { offset: 0, bytes: toBase58(discriminator) } }];
    const config = { commitment, encoding: 'base64', withContext: true, ...options, ...(filters ? { filters } : {}) };
    return this.#ask('getProgramAccounts', [programId, config], read, {
      view: viewOf(commitment),
      // A list says of everything else that it is not there.
      claimsAbsence: () => true,
      minContextSlot: options.minContextSlot,
    });
  }

  async #getBlock<T extends { readonly kind: 'block' | 'not-here' }>(
    slot: number,
    commitment: Commitment,
    transactionDetails: 'signatures' | 'none',
    read: (result: unknown) => T,
  ): Promise<T | { readonly kind: 'not-here'; readonly code: number | null }> {
    const config = {
      commitment,
      encoding: 'json',
      transactionDetails,
      rewards: false,
      maxSupportedTransactionVersion: NEWEST_TRANSACTION_VERSION,
    };
    try {
      return await this.#ask('getBlock', [slot, config], read, { inconclusive: ({ kind }) => kind === 'not-here' });
    } catch (error) {
      if (!(error instanceof RpcError) || error.reason !== 'not-here') throw error;
      return { kind: 'not-here', code: error.details.code ?? null };
    }
  }

  #ask<T>(
    method: string,
    params: readonly unknown[],
    read: (result: unknown) => T,
    { minContextSlot, ...options }: AskOptions<T> = {},
  ): Promise<T> {
    const { view } = options;
    const readAsOf = (result: unknown) => {
      const answer = read(result);
      const slot = view?.slotOf(answer);
      // Surfnet and some proxies ignore minContextSlot (TRAPS 29): an older view is refused here.
      if (slot !== undefined && minContextSlot !== undefined && slot < minContextSlot) {
        throw new RpcError('not-ready', `${method} as of slot ${slot}, wanted ${minContextSlot}`);
      }
      return answer;
    };
    return this.transport.call({ method, params, read: readAsOf, ...options });
  }
}

interface AskOptions<T> extends Pick<RpcRequest<T>, 'once' | 'inconclusive' | 'view' | 'claimsAbsence'> {
  /** An answer that speaks of an older slot is `not-ready`. */
  readonly minContextSlot?: number | undefined;
}

function viewOf(commitment: ReportedCommitment) {
  return { commitment, slotOf: ({ contextSlot }: { readonly contextSlot: number }) => contextSlot };
}

function transactionRequest(signature: string, commitment: Commitment): RpcRequest<unknown> {
  const config = { commitment, encoding: 'json', maxSupportedTransactionVersion: NEWEST_TRANSACTION_VERSION };
  return {
    method: 'getTransaction',
    params: [signature, config],
    read: answers.readTransaction(signature),
    inconclusive: isIncomplete,
  };
}

/** Nodes may keep neither logs nor inner instructions (TRAPS 4): another one is worth asking for what events are made of. */
function isIncomplete(transaction: unknown): boolean {
  if (transaction === null) return true;
  const { meta } = transaction as { meta?: { logMessages?: unknown; innerInstructions?: unknown } | null };
  return !meta?.logMessages || !meta.innerInstructions;
}

/** At least one chunk, so that an empty question still learns the context slot. */
function chunksOf(items: readonly string[], size: number): string[][] {
  const chunks: string[][] = [];
  for (let start = 0; start < Math.max(items.length, 1); start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}

function lowestContext(parts: readonly { contextSlot: number }[]): number {
  return Math.min(...parts.map((part) => part.contextSlot));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
