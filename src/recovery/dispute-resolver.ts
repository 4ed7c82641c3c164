import type { DomainModule } from '../domain-kit/domain-module.js';
import { StaleFenceError } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { readDisputed } from '../ledger/read-records.js';
import { relandTransaction, type Correction, type RecoveryDependencies } from './settle-transaction.js';

/** How many disputed transactions are asked about at once. */
const DISPUTES_AT_ONCE = 32;

interface DisputeDependencies extends RecoveryDependencies {
  readonly log: Log;
  /** After the commit. Must not throw. */
  readonly onCorrected: (correction: Correction) => void;
}

/**
 * Lets the chain decide between versions of a transaction that were announced differently: a validator that leads
 * announces executions that never land, with another slot and other data, up to hundreds for one signature (TRAPS 29).
 * However many there were, the chain is asked once.
 */
export class DisputeResolver {
  readonly #underWay = new Map<string, Promise<boolean>>();
  #lost: StaleFenceError | undefined;

  constructor(
    private readonly dependencies: DisputeDependencies,
    private readonly work: LeaseWork,
    private readonly module: DomainModule,
  ) {}

  /**
   * Begins with every dispute that is not under way, and waits for none: one that never lands is asked for with
   * patience, and must hold up neither the others nor those that come up meanwhile.
   * @throws StaleFenceError when one of them found the lease to be somebody else's.
   */
  async begin(): Promise<void> {
    if (this.#lost) throw this.#lost;
    const { db } = this.dependencies;
    const room = DISPUTES_AT_ONCE - this.#underWay.size;
    if (room <= 0) return;
    for (const signature of await readDisputed(db, this.module.name, room, [...this.#underWay.keys()])) {
      const settling = this.#settle(signature).finally(() => this.#underWay.delete(signature));
      this.#underWay.set(signature, settling);
    }
  }

  /** Waits for what is under way. Returns how many of these were settled. */
  async ended(): Promise<number> {
    return (await Promise.all(this.#underWay.values())).filter(Boolean).length;
  }

  async #settle(signature: string): Promise<boolean> {
    const { log, onCorrected } = this.dependencies;
    try {
      const correction = await relandTransaction(this.dependencies, this.work, this.module, signature, 'confirmed');
      if (!correction) return false;
      onCorrected(correction);
      log.debug({ signature, entered: correction.entered.length }, 'disputed transaction settled');
      return true;
    } catch (error) {
      if (error instanceof StaleFenceError) this.#lost = error;
      else
        log.warn({ signature, error: messageOf(error) }, 'a disputed transaction could not be settled; trying again');
      return false;
    }
  }
}
