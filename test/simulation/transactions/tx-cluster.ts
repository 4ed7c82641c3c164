import bs58 from 'bs58';
import type { Random } from '../random.js';
import type { Lifetime } from '../../../src/transactions/managed-transaction.js';
import { advancedNonces, isCurrent, nonceValueAfter, type NonceMoment } from './sim-nonces.js';
import { execute, FIRST_BANK, type Bank } from './sim-program.js';
import type { Wire } from './sim-wire.js';

/** Slots behind the head at which a block is final. */
export const FINALITY_DEPTH = 24;
const CONFIRMATION_DEPTH = 1;
/** Blocks after which a blockhash is no longer taken, as on the real cluster. */
export const BLOCKHASH_LIFE = 150;
export const FIRST_SLOT = 1_000;
const FIRST_HEIGHT = 900;

export type Level = 'processed' | 'confirmed' | 'finalized';

/** A transaction in a block. */
export interface Landed {
  readonly signature: string;
  readonly slot: number;
  /** The program's number of what failed; null: it has had its effect. */
  readonly error: number | null;
}

export interface Block {
  readonly slot: number;
  /** Blocks up to it: skipped slots do not count. */
  readonly height: number;
  readonly hash: string;
  /** From which the hash is made, and what the next block makes of a nonce account. */
  readonly number: number;
  readonly landed: readonly Landed[];
  readonly bank: Bank;
  /** The head when it came into being, and when a fork dropped it: what a node that lags behind sees. */
  readonly bornAt: number;
  abandonedAt: number | null;
}

/** Bytes that lie around, and the block height from which on a leader takes them up. */
interface Waiting {
  readonly wire: Wire;
  readonly fromHeight: number;
}

/** What somebody else does; it can be dropped by a fork like everything else. */
export type Foreign = (bank: Bank, moment: NonceMoment) => Bank;

interface Meddling {
  readonly foreign: Foreign;
  readonly isSeenTo: boolean;
}

/** The cluster as it truly is: one block or none a slot, bytes that may land for as long as they live, and forks. */
export class TxCluster {
  head = FIRST_SLOT - 1;
  #waiting: Waiting[] = [];
  #foreign: Meddling[] = [];
  /** What somebody sees to until it is final, and the slot where it is. */
  #seenTo: { readonly meddling: Meddling; readonly slot: number }[] = [];
  /** Ascending, without holes in height. */
  #canonical: Block[] = [];
  readonly #all: Block[] = [];
  readonly #byHash = new Map<string, Block>();
  readonly #landed = new Map<string, Landed>();
  readonly #wires = new Map<string, Wire>();
  /** `<nonce account>/<value>` of all values that were ever final. */
  readonly #finalNonces = new Set<string>();
  #hashes = 0;

  constructor(
    private readonly random: Random,
    /** Told of every block, once it is part of the chain. */
    private readonly onBlock: (block: Block) => void,
  ) {}

  get tip(): Block | undefined {
    return this.#canonical.at(-1);
  }

  slotAt(level: Level, head: number): number {
    const depth = level === 'finalized' ? FINALITY_DEPTH : level === 'confirmed' ? CONFIRMATION_DEPTH : 0;
    return Math.max(FIRST_SLOT, head - depth);
  }

  /** The newest block of a level, as a node with this head sees it. */
  blockAt(level: Level, head: number): Block | undefined {
    const slot = this.slotAt(level, head);
    if (head >= this.head) return this.#canonical.findLast((block) => block.slot <= slot);
    let newest: Block | undefined;
    for (const block of this.#all) {
      if (block.slot <= slot && isVisible(block, head) && block.slot > (newest?.slot ?? 0)) newest = block;
    }
    return newest;
  }

  /** Where a node with this head sees a transaction. */
  find(signature: string, head: number): Landed | undefined {
    if (head >= this.head) return this.#landed.get(signature);
    for (const block of this.#all) {
      const landed = isVisible(block, head) && block.landed.find((one) => one.signature === signature);
      if (landed) return landed;
    }
    return undefined;
  }

  /** Where the chain has it now. */
  landed(signature: string): Landed | undefined {
    return this.#landed.get(signature);
  }

  /** Whether some block ever had it in this slot, without error: also one that was dropped. */
  wasIn(signature: string, slot: number): boolean {
    return this.#all.some(
      (block) => block.slot === slot && block.landed.some((one) => one.signature === signature && one.error === null),
    );
  }

  isFinal(slot: number): boolean {
    return slot <= this.slotAt('finalized', this.head);
  }

  /** Whether it is on no chain and never will be: the last block that could have held it is final, and does not. */
  isDead(signature: string, lifetime: Lifetime): boolean {
    if (this.#landed.has(signature)) return false;
    if (lifetime.kind === 'nonce') return this.#isOver(lifetime.account, lifetime.value);
    const block = this.#byHash.get(lifetime.blockhash);
    if (!block) return true;
    // Of a block that is dropped for good nobody can say yet whether it comes back: go by its height all the same.
    const final = this.blockAt('finalized', this.head);
    return final !== undefined && final.height > block.height + BLOCKHASH_LIFE;
  }

  /** Whether a value was final and, for good, is not the account's any more. */
  #isOver(account: string, value: string): boolean {
    const now = this.blockAt('finalized', this.head)?.bank.nonces.get(account)?.value;
    return now !== value && this.#finalNonces.has(`${account}/${value}`);
  }

  lastValidHeight(block: Block): number {
    return block.height + BLOCKHASH_LIFE;
  }

  /** A leader has these bytes: it takes them up within `blocks`. Again and again is as well. */
  take(wire: Wire, blocks: number): void {
    this.#wires.set(wire.signature, wire);
    this.#waiting.push({ wire, fromHeight: this.#nextHeight() + blocks });
  }

  /** Blocks for which these bytes can still land; over a nonce as many as a blockhash lives, though there is no end. */
  blocksLeft(wire: Wire): number {
    if (wire.nonce !== null) return BLOCKHASH_LIFE;
    const block = this.#byHash.get(wire.blockhash);
    return block ? this.lastValidHeight(block) - this.#nextHeight() : 0;
  }

  /** `isSeenTo`: it is done again where a fork drops it, such as the payment that ends a payer's want. */
  meddle(foreign: Foreign, isSeenTo = false): void {
    this.#foreign.push({ foreign, isSeenTo });
  }

  tick(isSkipped: boolean): void {
    this.head += 1;
    if (!isSkipped) this.#produce(this.head);
    const final = this.blockAt('finalized', this.head);
    for (const [account, { value }] of final?.bank.nonces ?? []) this.#finalNonces.add(`${account}/${value}`);
  }

  /** Drops the newest `depth` slots. Of their transactions a share lies around again; the others never come back. */
  fork(depth: number, relandShare: number): { readonly dropped: number; readonly relanding: number } {
    const from = Math.max(this.slotAt('finalized', this.head) + 1, this.head - depth + 1);
    const kept = this.#canonical.findIndex(({ slot }) => slot >= from);
    const dropped = kept < 0 ? [] : this.#canonical.splice(kept);
    let [lost, relanding] = [0, 0];
    for (const block of dropped) {
      block.abandonedAt = this.head;
      for (const { signature } of block.landed) {
        this.#landed.delete(signature);
        lost += 1;
        const wire = this.#wires.get(signature);
        if (!wire || !this.random.chance(relandShare)) continue;
        relanding += 1;
        this.#waiting.push({ wire, fromHeight: this.#nextHeight() + this.random.whole(this.random.pick([1, 4, 40])) });
      }
    }
    for (const { meddling } of this.#seenTo.filter(({ slot }) => slot >= from)) this.#foreign.push(meddling);
    this.#seenTo = this.#seenTo.filter(({ slot }) => slot < from);
    for (let slot = from; slot <= this.head; slot++) if (this.random.chance(0.5)) this.#produce(slot);
    return { dropped: lost - relanding, relanding };
  }

  #nextHeight(): number {
    return (this.tip?.height ?? FIRST_HEIGHT) + 1;
  }

  #produce(slot: number): void {
    const height = this.#nextHeight();
    const moment: NonceMoment = { height, value: nonceValueAfter(this.tip?.number ?? 0) };
    let bank = this.tip?.bank ?? FIRST_BANK;
    for (const meddling of this.#foreign.splice(0)) {
      bank = meddling.foreign(bank, moment);
      if (meddling.isSeenTo) this.#seenTo.push({ meddling, slot });
    }
    const landed = new Map<string, Landed>();
    const due = this.#waiting.filter(({ fromHeight }) => fromHeight <= height);
    this.#waiting = this.#waiting.filter(({ fromHeight }) => fromHeight > height);
    for (const { wire } of this.random.shuffled(due)) {
      const { signature, payer, called, nonce } = wire;
      if (this.#landed.has(signature) || landed.has(signature) || bank.broke.has(payer)) continue;
      if (!this.#isAlive(wire, bank, moment)) continue;
      // Also by what fails: before anything else is run, and for good.
      if (nonce !== null) bank = { ...bank, nonces: advancedNonces(bank.nonces, nonce, moment) };
      const { bank: after, error } = execute(bank, called);
      bank = after;
      landed.set(signature, { signature, slot, error });
    }
    const block: Block = {
      ...{ slot, height, bank, landed: [...landed.values()], bornAt: this.head, abandonedAt: null },
      number: (this.#hashes += 1),
      hash: hashOf(this.#hashes),
    };
    this.#canonical.push(block);
    this.#all.push(block);
    this.#byHash.set(block.hash, block);
    for (const one of block.landed) this.#landed.set(one.signature, one);
    this.onBlock(block);
  }

  #isAlive({ blockhash, nonce }: Wire, bank: Bank, moment: NonceMoment): boolean {
    if (nonce !== null) return isCurrent(bank.nonces, nonce, blockhash, moment);
    const parent = this.#byHash.get(blockhash);
    return parent !== undefined && parent.abandonedAt === null && moment.height <= this.lastValidHeight(parent);
  }
}

/** The same in every run: encoding them takes longer than all else about a block. */
const HASHES: string[] = [];

function hashOf(number: number): string {
  const bytes = new Uint8Array(32).fill(1);
  new DataView(bytes.buffer).setUint32(0, number);
  return (HASHES[number] ??= bs58.encode(bytes));
}

function isVisible(block: Block, head: number): boolean {
  return block.bornAt <= head && (block.abandonedAt === null || block.abandonedAt > head);
}
