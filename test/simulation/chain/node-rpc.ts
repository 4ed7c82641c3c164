import bs58 from 'bs58';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { isAddress } from '../../../src/domain-kit/command-fields.js';
import type { Fault, Journal } from '../journal.js';
import type { Random } from '../random.js';
import type { Bank } from './bank.js';
import { FIRST_SLOT, type Block, type Cluster, type Landed } from './cluster.js';
import type { NodeSwitches } from './node-switches.js';
import { discriminatorOf, renderAccount, renderKey } from './render.js';

type Json = Readonly<Record<string, unknown>>;
/** Where a getSlot may name no commitment. */
type Level = 'processed' | 'confirmed' | 'finalized';

const GENESIS_HASH = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';
/** Agave's code for a slot without a block, whether skipped or only missing here. */
const SLOT_SKIPPED = -32_007;
const BLOCK_NOT_AVAILABLE = -32_004;
const MIN_CONTEXT_SLOT = -32_016;
const INVALID_PARAMS = -32_602;

/** What one node answers over JSON-RPC: `result`s as JSON, from the cluster as this node sees it. */
export class NodeRpc {
  #listings = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly switches: NodeSwitches,
    private readonly random: Random,
    private readonly journal: Journal,
  ) {}

  get head(): number {
    return Math.max(FIRST_SLOT, this.cluster.head - this.switches.lagSlots);
  }

  /** @throws RpcError as the production endpoint does for such an answer. */
  answer(method: string, params: readonly unknown[]): unknown {
    const { isNonsense } = this.switches;
    if (this.switches.lagSlots > 0) this.journal.fault('endpoint lags');
    if (isNonsense) {
      this.journal.fault('endpoint answers nonsense');
      return { context: 'none', value: 17 };
    }
    const config = params.find((param) => isObject(param)) ?? {};
    const level = (config.commitment ?? 'finalized') as Level;
    const minContextSlot = config.minContextSlot as number | undefined;
    if (minContextSlot !== undefined && this.#slotAt(level) < minContextSlot) {
      throw new RpcError('not-ready', 'Minimum context slot has not been reached', { code: MIN_CONTEXT_SLOT });
    }
    switch (method) {
      case 'getGenesisHash':
        return GENESIS_HASH;
      case 'getSlot':
      case 'getBlockHeight':
        return this.#slotAt(level);
      case 'getFirstAvailableBlock':
        return FIRST_SLOT;
      case 'getSignaturesForAddress':
        return this.#signatures(level, config);
      case 'getTransaction':
        return this.#transaction(String(params[0]), level);
      case 'getSignatureStatuses':
        return this.#inContext('processed', this.#statuses(params[0] as string[]));
      case 'getBlock':
        return this.#block(Number(params[0]), level, config);
      case 'getBlocksWithLimit':
        return this.#blocksFrom(Number(params[0]), Number(params[1]), level);
      case 'getMultipleAccounts':
        return this.#inContext(level, this.#accounts(params[0] as string[], level));
      case 'getProgramAccounts':
        return this.#inContext(level, this.#programAccounts(level, config));
      default:
        throw new RpcError('method-unsupported', method);
    }
  }

  /** What this node would call a slot. */
  levelOf(slot: number): Level {
    if (slot <= this.#slotAt('finalized')) return 'finalized';
    return slot <= this.#slotAt('confirmed') ? 'confirmed' : 'processed';
  }

  #slotAt(level: Level): number {
    if (level === 'finalized') return Math.max(FIRST_SLOT, this.cluster.finalizedAt(this.head));
    return level === 'confirmed' ? Math.max(FIRST_SLOT, this.cluster.confirmedAt(this.head)) : this.head;
  }

  #blocks(level: Level): Block[] {
    const highest = this.#slotAt(level);
    return this.cluster.blocks(this.head).filter(({ slot }) => slot <= highest);
  }

  #find(signature: string, level: Level): Landed | undefined {
    for (const block of this.#blocks(level)) {
      const landed = block.landed.find((one) => one.signature === signature);
      if (landed) return landed;
    }
    return undefined;
  }

  #signatures(level: Level, config: Json): unknown {
    const { before, limit } = config as { before?: string; limit: number };
    let listing = this.#blocks(level)
      .reverse()
      // Nodes order what is within a slot as they like.
      .flatMap(({ landed }) => (this.random.chance(0.5) ? [...landed] : [...landed].reverse()));
    this.#listings += 1;
    // Never twice in a row: what no listing ever shows, nobody can find.
    if (this.switches.omits && this.#listings % 2 === 0 && listing.length > 0) {
      this.journal.fault('endpoint lists incompletely');
      listing = listing.filter(({ signature }) => signature === before || !this.random.chance(0.2));
    }
    if (before !== undefined) {
      const at = listing.findIndex(({ signature }) => signature === before);
      if (at < 0) throw new RpcError('not-here', 'before: signature not found', { code: -32_020 });
      listing = listing.slice(at + 1);
    }
    const { pageCap } = this.switches;
    if (listing.length > pageCap) this.journal.fault('pages cut short');
    return listing.slice(0, Math.min(limit, pageCap)).map(({ signature, slot, failed }) => ({
      ...{ signature, slot, err: failed ? { InstructionError: [0, { Custom: 6_000 }] } : null, memo: null },
      ...{ blockTime: 1_767_225_600 + slot, confirmationStatus: this.levelOf(slot) },
    }));
  }

  #transaction(signature: string, level: Level): unknown {
    if (this.#isOff('forgets', 'endpoint does not know transactions')) return null;
    const landed = this.#find(signature, level);
    if (!landed) return null;
    if (!this.#isOff('keepsNoLogs', 'logs not kept')) return landed.raw;
    return { ...landed.raw, meta: { ...(landed.raw.meta as Json), logMessages: null } };
  }

  #statuses(signatures: readonly string[]): unknown[] {
    return signatures.map((signature) => {
      if (this.#isOff('forgets', 'endpoint does not know transactions')) return null;
      if (this.#isOff('denies', 'endpoint denies what landed')) return null;
      const landed = this.#find(signature, 'processed');
      if (!landed) return null;
      const confirmationStatus = this.levelOf(landed.slot);
      const err = landed.failed ? { InstructionError: [0, { Custom: 6_000 }] } : null;
      const confirmations = confirmationStatus === 'finalized' ? null : this.head - landed.slot;
      return { slot: landed.slot, err, confirmations, confirmationStatus };
    });
  }

  #block(slot: number, level: Level, config: Json): unknown {
    if (slot > this.#slotAt(level)) throw new RpcError('not-here', 'not available', { code: BLOCK_NOT_AVAILABLE });
    const block = this.cluster.blockAt(slot, this.head);
    if (!block) throw new RpcError('not-here', 'skipped, or missing', { code: SLOT_SKIPPED });
    const { parentSlot, hash, previousHash } = block;
    const isDenied = this.#isOff('denies', 'endpoint denies what landed');
    const signatures = isDenied ? [] : block.landed.map(({ signature }) => signature);
    return {
      ...{ parentSlot, blockhash: hash, previousBlockhash: previousHash, blockTime: 1_767_225_600 + slot },
      ...(config.transactionDetails === 'none' ? {} : { signatures }),
      blockHeight: slot,
    };
  }

  #blocksFrom(from: number, limit: number, level: Level): number[] {
    return this.#blocks(level)
      .map(({ slot }) => slot)
      .filter((slot) => slot >= from)
      .slice(0, limit);
  }

  #bank(level: Level): Bank {
    return this.#blocks(level).at(-1)?.bank ?? new Map<string, never>();
  }

  #accounts(addresses: readonly string[], level: Level): unknown[] {
    // One that is none spoils the question for all of them.
    if (!addresses.every(isAddress)) throw new RpcError('bad-request', 'Invalid param', { code: INVALID_PARAMS });
    const bank = this.#bank(level);
    return addresses.map((address) => {
      const entry = bank.get(address);
      return entry && !this.#isHidden(address) ? renderAccount(entry.type, entry.account) : null;
    });
  }

  #programAccounts(level: Level, config: Json): unknown[] {
    const filter = (config.filters as { memcmp?: { bytes: string } }[] | undefined)?.[0]?.memcmp?.bytes;
    const withData = (config.dataSlice as { length?: number } | undefined)?.length !== 0;
    return [...this.#bank(level)]
      .filter(([, { type }]) => filter === undefined || bs58.encode(discriminatorOf(type)) === filter)
      .filter(([pubkey]) => !this.#isHidden(pubkey))
      .map(([pubkey, { type, account }]) => {
        return { pubkey, account: withData ? renderAccount(type, account) : renderKey() };
      });
  }

  #isHidden(address: string): boolean {
    const isHidden = this.switches.hides(address);
    if (isHidden) this.journal.fault('endpoint hides accounts', address.slice(0, 8));
    return isHidden;
  }

  #inContext(level: Level, value: unknown): unknown {
    return { context: { slot: this.#slotAt(level) }, value };
  }

  #isOff(what: 'forgets' | 'denies' | 'keepsNoLogs', fault: Fault): boolean {
    const isOn = what === 'keepsNoLogs' ? !this.switches.keepsLogs : this.switches[what];
    if (isOn) this.journal.fault(fault);
    return isOn;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
