import type { DomainModule } from '../domain-kit/domain-module.js';
import type { LeaseWork } from '../leases/lease-work.js';
import type { Commitment } from '../lib/commitment.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { readDisputed } from '../ledger/read-records.js';
import { relandTransaction, type Correction, type RecoveryDependencies } from './settle-transaction.js';
import { AskAgain } from '../lib/ask-again.js';
import { UnderWay } from './under-way.js';

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
  readonly #underWay = new UnderWay(DISPUTES_AT_ONCE);
  /** Disputed, and no node keeps all of it. */
  readonly #incomplete: AskAgain;

  constructor(
    private readonly dependencies: DisputeDependencies,
    private readonly work: LeaseWork,
    private readonly module: DomainModule,
  ) {
    this.#incomplete = new AskAgain(dependencies.clock, dependencies.random ?? (() => 0));
  }

  /**
   * Begins with every dispute that is not under way, and waits for none: one that never lands is asked for with
   * patience, and must hold up neither the others nor those that come up meanwhile.
   * @throws StaleFenceError when one of them found the lease to be somebody else's.
   */
  async begin(): Promise<void> {
    this.#underWay.throwIfLost();
    const { db, log } = this.dependencies;
    const { room, keys } = this.#underWay;
    if (room <= 0) return;
    for (const signature of await readDisputed(db, this.module.name, room, [...keys, ...this.#incomplete.waiting()])) {
      this.#underWay.begin(
        signature,
        () => this.#settle(signature),
        (error) =>
          log.warn({ signature, error: messageOf(error) }, 'a disputed transaction could not be settled; trying again'),
      );
    }
  }

  /** Waits for what is under way. Returns how many of these were settled. */
  ended(): Promise<number> {
    return this.#underWay.ended();
  }

  async #settle(signature: string): Promise<boolean> {
    const { log, onCorrected } = this.dependencies;
    const reland = (commitment: Commitment) =>
      relandTransaction(this.dependencies, this.work, this.module, signature, commitment);
    let outcome = await reland('confirmed');
    if (outcome.kind === 'outdated') outcome = await reland('finalized');
    if (outcome.kind === 'incomplete') this.#incomplete.failed(signature);
    if (outcome.kind !== 'corrected') return false;
    this.#incomplete.succeeded(signature);
    onCorrected(outcome.correction);
    log.debug({ signature, entered: outcome.correction.entered.length }, 'disputed transaction settled');
    return true;
  }
}
