import type { CouponEvent } from '../../support/coupon-history.js';
import type { Random } from '../random.js';
import { execute, type Bank, type Instruction } from './bank.js';
import { renderTransaction, type Appearance } from './render.js';
import { Traffic } from './traffic.js';

/** Slots behind the head at which a block is final: less than the 32 of the real cluster, so that runs are short. */
export const FINALITY_DEPTH = 10;
/** Slots behind the head at which a block is confirmed. */
const CONFIRMATION_DEPTH = 1;
export const FIRST_SLOT = 1_000;
/**
 * A transaction may come back in the very same slot, in another block, when it is at least this many slots old. Younger,
 * and announced by nobody, the change would be over before anybody can ask for the first block's hash (docs/reorg.md).
 */
const SAME_SLOT_AGE = 4;

/** A transaction somebody sent; where and how it lands is for the cluster to say, perhaps more than once. */
interface Sent {
  readonly signature: string;
  readonly instructions: readonly Instruction[];
  readonly appearance: Appearance;
  /** Not before this slot. */
  readonly fromSlot: number;
}

/** A transaction in a block. */
export interface Landed {
  readonly signature: string;
  readonly slot: number;
  readonly failed: boolean;
  readonly events: readonly CouponEvent[];
  readonly appearance: Appearance;
  /** The answer of getTransaction. */
  readonly raw: Record<string, unknown>;
}

export interface Block {
  readonly slot: number;
  readonly parentSlot: number;
  readonly hash: string;
  readonly previousHash: string;
  readonly landed: readonly Landed[];
  readonly bank: Bank;
  /** The head when it came into being, and when a fork dropped it: what a node that lags behind sees. */
  readonly bornAt: number;
  abandonedAt: number | null;
}

/** What became of the transactions of a dropped fork. */
export interface ForkOutcome {
  readonly dropped: number;
  readonly relanding: number;
}

/** The cluster as it truly is: one block or none a slot, and forks that take confirmed blocks back. */
export class Cluster {
  head = FIRST_SLOT - 1;
  readonly traffic: Traffic;
  #sent: Sent[] = [];
  #canonical = new Map<number, Block>();
  readonly #all: Block[] = [];
  #blocks = 0;
  /** The chain as it is now, until it changes. */
  #ordered: readonly Block[] | null = null;
  #landed: readonly Landed[] | null = null;

  constructor(private readonly random: Random) {
    this.traffic = new Traffic(random.fork());
  }

  finalizedAt(head: number): number {
    return head - FINALITY_DEPTH;
  }

  confirmedAt(head: number): number {
    return head - CONFIRMATION_DEPTH;
  }

  /** Somebody sends a transaction of one to three instructions, drawn from the accounts as they are now. */
  send(): void {
    const instructions = Array.from({ length: 1 + this.random.whole(3) }, () => this.traffic.draw(this.bank())).filter(
      (instruction) => instruction !== null,
    );
    if (instructions.length === 0) return;
    this.#sent.push({
      signature: this.traffic.signature(),
      instructions,
      appearance: {
        logLines: this.random.chance(0.04) ? 2 + this.random.whole(4) : null,
        isForged: this.random.chance(0.15),
        version: this.random.pick(['legacy', 0, 0, 1] as const),
      },
      fromSlot: 0,
    });
  }

  bank(): Bank {
    return this.bankAt(this.head);
  }

  /** The accounts at the end of a slot. */
  bankAt(slot: number): Bank {
    return this.parentOf(slot + 1)?.bank ?? new Map();
  }

  tip(): Block | undefined {
    return this.parentOf(this.head + 1);
  }

  /** The next slot: with a block, or skipped. */
  tick(isSkipped: boolean): void {
    this.head += 1;
    if (!isSkipped) this.#produce(this.head);
  }

  /**
   * Drops the newest `depth` slots. Some of their transactions land again in a later slot, where they may do something
   * else; the others never do. A part of the dropped slots gets other blocks, the rest stays skipped.
   */
  fork(depth: number, relandShare: number): ForkOutcome {
    const from = Math.max(this.finalizedAt(this.head) + 1, this.head - depth + 1);
    const dropped = [...this.#canonical.values()].filter(({ slot }) => slot >= from);
    const lost: (Sent & { readonly was: number })[] = [];
    let relanding = 0;
    for (const block of dropped) {
      block.abandonedAt = this.head;
      this.#canonical.delete(block.slot);
      this.#ordered = this.#landed = null;
      for (const landed of block.landed) {
        const sent = this.#known.get(landed.signature);
        if (!sent || !this.random.chance(relandShare)) continue;
        relanding += 1;
        lost.push({ ...sent, was: block.slot, fromSlot: this.head + this.random.whole(4) });
      }
    }
    const total = dropped.reduce((sum, block) => sum + block.landed.length, 0);
    // On the other branch some of them stand in the very same slots, or in others, at once.
    for (let slot = from; slot <= this.head; slot++) {
      if (!this.random.chance(0.5)) continue;
      const early = lost.filter(({ was }) => {
        return (was !== slot || this.head - was >= SAME_SLOT_AGE) && this.random.chance(0.15);
      });
      for (const one of early) lost.splice(lost.indexOf(one), 1);
      this.#sent.unshift(...early.map((one) => ({ ...one, fromSlot: 0 })));
      this.#produce(slot);
    }
    this.#sent.push(...lost);
    return { dropped: total - relanding, relanding };
  }

  /** What the execution of a landed transaction looked like that never made it into a block (TRAPS 29). */
  phantomOf(landed: Landed): Landed | null {
    const sent = this.#known.get(landed.signature);
    const parent = this.parentOf(landed.slot);
    if (!sent || !parent) return null;
    const slot = landed.slot - 1;
    const { failed, events } = execute(parent.bank, sent.instructions, timeOf(slot) - 1n);
    return failed ? null : land(sent, slot, false, events);
  }

  /** The block of a slot, as a node with this head sees it. */
  blockAt(slot: number, head: number): Block | undefined {
    if (head >= this.head) return this.#canonical.get(slot);
    return this.#all.find((block) => block.slot === slot && isVisible(block, head));
  }

  /** Every block a node with this head sees, ascending. */
  blocks(head: number): readonly Block[] {
    if (head >= this.head) return this.#inOrder();
    return this.#all.filter((one) => isVisible(one, head)).sort((one, other) => one.slot - other.slot);
  }

  #inOrder(): readonly Block[] {
    this.#ordered ??= [...this.#canonical.values()].sort((one, other) => one.slot - other.slot);
    return this.#ordered;
  }

  parentOf(slot: number): Block | undefined {
    for (let parent = slot - 1; parent >= FIRST_SLOT; parent--) {
      const block = this.#canonical.get(parent);
      if (block) return block;
    }
    return undefined;
  }

  /** Everything that is on the chain now, in its order. */
  landed(): readonly Landed[] {
    this.#landed ??= this.#inOrder().flatMap((block) => block.landed);
    return this.#landed;
  }

  readonly #known = new Map<string, Sent>();

  #produce(slot: number): void {
    const parent = this.parentOf(slot);
    const landed: Landed[] = [];
    let bank = parent?.bank ?? (new Map() as Bank);
    const waiting: Sent[] = [];
    for (const sent of this.#sent) {
      if (sent.fromSlot > slot) {
        waiting.push(sent);
        continue;
      }
      this.#known.set(sent.signature, sent);
      const { failed, events, after } = execute(bank, sent.instructions, timeOf(slot));
      bank = after;
      landed.push(land(sent, slot, failed, events));
    }
    this.#sent = waiting;
    this.#blocks += 1;
    const block: Block = {
      ...{ slot, landed, bank, bornAt: this.head, abandonedAt: null },
      parentSlot: parent?.slot ?? slot - 1,
      hash: `hash${this.#blocks}`,
      previousHash: parent?.hash ?? 'hash0',
    };
    this.#canonical.set(slot, block);
    this.#ordered = this.#landed = null;
    this.#all.push(block);
  }
}

function isVisible(block: Block, head: number): boolean {
  return block.bornAt <= head && (block.abandonedAt === null || block.abandonedAt > head);
}

function land(sent: Sent, slot: number, failed: boolean, events: readonly CouponEvent[]): Landed {
  const { signature, appearance } = sent;
  const accounts = [...new Set(events.flatMap(addressesIn))];
  const raw = renderTransaction({ signature, slot, failed, events, accounts, appearance });
  return { signature, slot, failed, events, appearance, raw };
}

/** The accounts an instruction was given: the addresses its events speak of are among them. */
function addressesIn({ data }: CouponEvent): string[] {
  return Object.values(data).filter((value): value is string => typeof value === 'string' && value.length >= 32);
}

/** The program's clock: it stands still for some slots, so that what lands again may say exactly the same. */
function timeOf(slot: number): bigint {
  return 1_767_225_600n + BigInt(Math.floor(slot / 8));
}
