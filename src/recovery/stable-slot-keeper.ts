import type { mongo } from 'mongoose';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { touchLease } from '../leases/lease.js';
import { findByIndex } from '../ledger/find-by-index.js';
import { readFrontier } from '../ledger/frontier.js';
import { readStableHead, writeStableSlot } from '../ledger/stable-slot.js';
import type { Clock } from '../lib/clock.js';
import { judgeStable } from './judge-stable.js';

/**
 * How long the stream waits for one event of which nobody can say whether it is final, in milliseconds. Then it goes on:
 * should it become final after all, it is told late.
 */
const PATIENCE_MS = 10 * 60_000;

/** Moves the slot up to which a program's events are final and complete, for those who read them as a stream. */
export class StableSlotKeeper {
  /** The oldest event that is not decided, and since when (monotonic) it has been the oldest. */
  #waiting: { readonly slot: number; readonly sinceMs: number } | null = null;

  constructor(
    private readonly dependencies: { readonly db: mongo.Db; readonly clock: Clock; readonly patienceMs?: number },
    private readonly work: LeaseWork,
    private readonly program: string,
  ) {}

  /**
   * Moves it as far as it can go. Returns the slot it moved to; null when it stays.
   * @throws StaleFenceError
   */
  async pass(): Promise<number | null> {
    const { db } = this.dependencies;
    // Looked at twice: the first look costs no transaction while there is nothing to do.
    if ((await this.#judge()) === null) return null;
    return this.work.exclusive(() =>
      inLeaseTransaction(db, this.work.lease, async (session) => {
        const slot = await this.#judge(session);
        if (slot !== null) await writeStableSlot(db, session, this.program, slot);
        await touchLease(db, this.work.lease, session);
        return slot;
      }),
    );
  }

  async #judge(session?: mongo.ClientSession): Promise<number | null> {
    const { db } = this.dependencies;
    const frontier = await readFrontier(db, this.program);
    const stable = (await readStableHead(db, this.program, session))?.slot ?? null;
    if (frontier === null || (stable !== null && stable >= frontier.slot)) return null;
    const span = { $lte: frontier.slot, ...(stable === null ? {} : { $gt: stable }) };
    let undecided = await this.#oldestUndecided(span, {}, session);
    if (this.#isPatienceOver(undecided)) {
      const since = new Date(this.dependencies.clock.now() - this.#patienceMs);
      undecided = await this.#oldestUndecided(span, { seenAt: { $gt: since } }, session);
    }
    return judgeStable(stable, frontier.slot, undecided);
  }

  get #patienceMs(): number {
    return this.dependencies.patienceMs ?? PATIENCE_MS;
  }

  #isPatienceOver(undecided: number | null): boolean {
    const nowMs = this.dependencies.clock.monotonic();
    if (undecided === null) this.#waiting = null;
    else if (this.#waiting?.slot !== undecided) this.#waiting = { slot: undecided, sinceMs: nowMs };
    return this.#waiting !== null && nowMs - this.#waiting.sinceMs >= this.#patienceMs;
  }

  async #oldestUndecided(
    slot: mongo.Document,
    also: mongo.Document,
    session: mongo.ClientSession | undefined,
  ): Promise<number | null> {
    const [oldest] = await findByIndex(
      this.dependencies.db,
      { program: this.program, commitment: 'confirmed' },
      { also: { kind: 'event', slot, ...also }, sort: { slot: 1 }, limit: 1, project: { slot: 1 }, session },
    ).toArray();
    return oldest === undefined ? null : Number(oldest.slot);
  }
}
