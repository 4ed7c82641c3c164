import { RpcError } from '../../../src/chain/rpc-error.js';
import type { Random } from '../random.js';
import { renderNonceOrRent } from './sim-nonces.js';
import { execute, PROGRAM_ID, renderRow } from './sim-program.js';
import { readWire, type Wire } from './sim-wire.js';
import type { Landed, Level, TxCluster } from './tx-cluster.js';
import type { TxJournal } from './tx-journal.js';

/** What is wrong with an endpoint. Everything off: an honest node at the head. */
export class TxSwitches {
  isDown = false;
  isSilent = false;
  retryAfterMs: number | null = null;
  isNonsense = false;
  lagSlots = 0;
  /** Several nodes behind one address: each answer comes from one that is up to so many slots behind. */
  spreadSlots = 0;
  /** Knows of no transaction that landed, and is right in everything else. */
  denies = false;
  hasNoStatuses = false;
  hasNoHistory = false;
  /** Added to every block height it says. */
  heightError = 0;
  /** Of the bytes it is given, what no leader ever sees. */
  lossShare = 0;
  /** Of the bytes it is given, what lies around for long. */
  lateShare = 0;
  /** Of the sends it takes, what it answers with an error, or not at all. */
  sendErrorShare = 0;
  sendSilenceShare = 0;
}

/** What becomes of a send beside its answer. */
class NoAnswer extends Error {}

type Json = Readonly<Record<string, unknown>>;
const FIRST_INSTRUCTION = 0;
const UNITS = 5_000;

/** What one endpoint answers over JSON-RPC about transactions, from the cluster as it sees it. */
export class TxNode {
  readonly switches = new TxSwitches();

  constructor(
    readonly name: string,
    private readonly cluster: TxCluster,
    private readonly random: Random,
    private readonly journal: TxJournal,
    /** Told of all bytes that somebody hands over. */
    private readonly onBytes: (wire: Wire) => void,
  ) {}

  /** @throws RpcError as the production endpoint does for such an answer; `undefined`: there is none. */
  answer(method: string, params: readonly unknown[]): unknown {
    const { switches, journal } = this;
    if (switches.isNonsense) {
      journal.fault('endpoint answers nonsense');
      return { context: 'none', value: 17 };
    }
    const head = this.#head();
    const config = (params.find((param) => isObject(param)) ?? {}) as {
      commitment?: Level;
      minContextSlot?: number;
    };
    const level = config.commitment ?? 'finalized';
    if (this.cluster.slotAt(level, head) < (config.minContextSlot ?? 0)) {
      throw new RpcError('not-ready', 'minimum context slot has not been reached', { code: -32_016 });
    }
    switch (method) {
      case 'getSlot':
        return this.cluster.slotAt(level, head);
      case 'getBlockHeight':
        return this.#height(level, head);
      case 'getEpochInfo':
        return { absoluteSlot: this.cluster.slotAt(level, head), blockHeight: this.#height(level, head) };
      case 'getLatestBlockhash':
        return this.#latestBlockhash(level, head);
      case 'getSignatureStatuses':
        return inContext(
          head,
          (params[0] as string[]).map((signature) => this.#status(signature, head)),
        );
      case 'getTransaction':
        return this.#transaction(String(params[0]), level, head);
      case 'getMultipleAccounts':
        return inContext(
          this.cluster.slotAt(level, head),
          (params[0] as string[]).map((address) => {
            const block = this.cluster.blockAt(level, head);
            if (!block) return null;
            const nonce = renderNonceOrRent(block.bank.nonces, address);
            return nonce === undefined ? renderRow(block.bank, address) : nonce;
          }),
        );
      case 'getRecentPrioritizationFees':
        return [{ slot: head, prioritizationFee: this.random.whole(2_000) }];
      case 'simulateTransaction':
        return this.#simulate(String(params[0]), level, head);
      case 'sendTransaction':
        return this.#send(String(params[0]));
      default:
        throw new RpcError('method-unsupported', method);
    }
  }

  #head(): number {
    const { switches, journal, cluster } = this;
    if (switches.lagSlots > 0) journal.fault('endpoint lags');
    if (switches.spreadSlots > 0) journal.fault('endpoint is several nodes');
    return cluster.head - switches.lagSlots - this.random.whole(switches.spreadSlots + 1);
  }

  #height(level: Level, head: number): number {
    const { heightError } = this.switches;
    if (heightError > 0) this.journal.fault('block height too high');
    if (heightError < 0) this.journal.fault('block height too low');
    return Math.max(0, (this.cluster.blockAt(level, head)?.height ?? 0) + heightError);
  }

  #latestBlockhash(level: Level, head: number): unknown {
    const block = this.cluster.blockAt(level, head);
    if (!block) throw new RpcError('not-ready', 'no block yet');
    const lastValidBlockHeight = this.cluster.lastValidHeight(block);
    return inContext(this.cluster.slotAt(level, head), { blockhash: block.hash, lastValidBlockHeight });
  }

  #status(signature: string, head: number): unknown {
    if (this.#hides('hasNoStatuses')) return null;
    const landed = this.cluster.find(signature, head);
    if (!landed) return null;
    const confirmationStatus = this.#levelOf(landed.slot, head);
    const confirmations = confirmationStatus === 'finalized' ? null : head - landed.slot;
    return { slot: landed.slot, err: errorOf(landed), confirmations, confirmationStatus };
  }

  #transaction(signature: string, level: Level, head: number): unknown {
    if (this.#hides('hasNoHistory')) return null;
    const landed = this.cluster.find(signature, head);
    if (!landed || landed.slot > this.cluster.slotAt(level, head)) return null;
    return {
      slot: landed.slot,
      transaction: { signatures: [signature] },
      meta: { err: errorOf(landed), logMessages: logsOf(landed.error), innerInstructions: [] },
    };
  }

  #levelOf(slot: number, head: number): Level {
    if (slot <= this.cluster.slotAt('finalized', head)) return 'finalized';
    return slot <= this.cluster.slotAt('confirmed', head) ? 'confirmed' : 'processed';
  }

  #simulate(base64: string, level: Level, head: number): unknown {
    const { payer, called } = readWire(base64);
    const block = this.cluster.blockAt(level, head);
    if (!block) throw new RpcError('not-ready', 'no block yet');
    const context = this.cluster.slotAt(level, head);
    if (block.bank.broke.has(payer)) {
      return inContext(context, { err: 'InsufficientFundsForFee', logs: [], unitsConsumed: 0 });
    }
    const { error } = execute(block.bank, called);
    return inContext(context, { err: asError(error), logs: logsOf(error), unitsConsumed: UNITS });
  }

  #send(base64: string): string {
    const { switches, journal, random, cluster } = this;
    const wire = readWire(base64);
    this.onBytes(wire);
    if (random.chance(switches.lossShare)) journal.fault('bytes lost by a leader');
    else this.#passOn(wire);
    if (random.chance(switches.sendErrorShare)) {
      journal.fault('error after the bytes were taken');
      throw new RpcError(random.pick(['server-error', 'blockhash-not-found', 'transaction-rejected']), 'node trouble');
    }
    if (random.chance(switches.sendSilenceShare)) {
      journal.fault('time-out after the bytes were taken');
      throw new NoAnswer();
    }
    if (cluster.landed(wire.signature)) throw new RpcError('already-processed', 'already processed');
    return wire.signature;
  }

  #passOn(wire: Wire): void {
    const { switches, journal, random, cluster } = this;
    if (random.chance(0.1)) {
      journal.fault('bytes offered twice');
      cluster.take(wire, random.whole(30));
    }
    if (!random.chance(switches.lateShare)) {
      cluster.take(wire, random.whole(3));
      return;
    }
    const left = Math.max(0, cluster.blocksLeft(wire));
    if (wire.nonce === null && random.chance(0.4)) {
      journal.fault('bytes land in the last block they can');
      cluster.take(wire, left);
    } else {
      journal.fault('bytes land late');
      cluster.take(wire, random.whole(left + 2));
    }
  }

  #hides(what: 'hasNoStatuses' | 'hasNoHistory'): boolean {
    const { switches, journal } = this;
    if (switches.denies) journal.fault('endpoint denies what landed');
    if (switches[what])
      journal.fault(what === 'hasNoStatuses' ? 'endpoint has no statuses' : 'endpoint has no history');
    return switches.denies || switches[what];
  }
}

/** Whether this failure of an answer stands for none at all. */
export function isNoAnswer(error: unknown): boolean {
  return error instanceof NoAnswer;
}

function inContext(slot: number, value: unknown): unknown {
  return { context: { slot }, value };
}

function errorOf({ error }: Landed): unknown {
  return asError(error);
}

function asError(error: number | null): unknown {
  return error === null ? null : { InstructionError: [FIRST_INSTRUCTION, { Custom: error }] };
}

function logsOf(error: number | null): string[] {
  if (error === null) return [`Program ${PROGRAM_ID} success`];
  return [`Program ${PROGRAM_ID} failed: custom program error: 0x${error.toString(16)}`];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
