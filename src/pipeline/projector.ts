import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { StaleFenceError } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { Nap } from '../lib/nap.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { readReceived } from '../ledger/read-records.js';
import { applyNew } from './apply-new.js';
import { applyReceived, type FailedRecord, type HandlerRetryPolicy } from './apply-received.js';
import { BatchSize } from './batch-size.js';
import { AT_ONCE, type AppliesUpTo } from './confirmations.js';
import { watchWakes } from './wake-signal.js';

/** How often the projector looks for records nobody told it about, in milliseconds. */
const POLL_MS = 250;
/** How long it waits after the database failed it, in milliseconds. */
const TROUBLE_MS = 1_000;

/** What the projector needs, and who hears of what it did. */
export interface ProjectorDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly retry: HandlerRetryPolicy;
  /** Records per transaction at most. */
  readonly batchSize: number;
  /** What is newer waits as `received`; unset: nothing waits. */
  readonly appliesUpTo?: AppliesUpTo;
  /** After the commit, in order of application. Must not throw. */
  readonly onApplied: (module: DomainModule, records: readonly LedgerRecord[]) => void;
  readonly onFailed: (module: DomainModule, failed: readonly FailedRecord[]) => void;
}

/** Applies what waits in the ledger of one program, for as long as its lease is held. */
export class Projector {
  readonly #nap: Nap;
  readonly #batchSize: BatchSize;

  constructor(
    readonly dependencies: ProjectorDependencies,
    readonly module: DomainModule,
    readonly work: LeaseWork,
  ) {
    this.#nap = new Nap(dependencies.clock);
    this.#batchSize = new BatchSize(dependencies.batchSize);
  }

  /** Says that records wait. */
  wake(): void {
    this.#nap.cutShort();
  }

  /** Applies records that are new to the ledger, past the queue of what waits there. Returns those it applied. */
  async applyNew(records: readonly LedgerRecord[]): Promise<readonly LedgerRecord[]> {
    const { appliesUpTo = AT_ONCE } = this.dependencies;
    const newest = appliesUpTo();
    const ripe = records.filter(({ slot }) => slot <= newest);
    if (ripe.length === 0) return [];
    const applied = await this.work.exclusive(() =>
      applyNew(this.dependencies, this.work.lease, this.module, ripe, this.#batchSize),
    );
    if (applied.length > 0) this.dependencies.onApplied(this.module, applied);
    return applied;
  }

  /** Applies one batch. Returns how many records were taken up; 0 means that nothing is due. */
  async pass(): Promise<number> {
    const { db, clock, appliesUpTo = AT_ONCE, onApplied, onFailed } = this.dependencies;
    const outcome = await this.work.exclusive(async () => {
      const now = new Date(clock.now());
      const records = await readReceived(db, this.module.name, this.#batchSize.current, now, appliesUpTo());
      return this.#batchSize.learnFrom(clock, records.length, () =>
        applyReceived(this.dependencies, this.work.lease, this.module, records),
      );
    });
    if (outcome.applied.length > 0) onApplied(this.module, outcome.applied);
    if (outcome.failed.length > 0) onFailed(this.module, outcome.failed);
    return outcome.applied.length + outcome.failed.length;
  }

  /**
   * Applies until `signal` is aborted. A batch under way is finished first: stopping leaves nothing half done.
   * @throws StaleFenceError when the lease turns out to be somebody else's.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { db, clock, log } = this.dependencies;
    watchWakes(db, this.module.name, () => this.wake(), signal);
    while (!signal.aborted) {
      try {
        this.#nap.begin();
        if ((await this.pass()) === 0) await this.#nap.rest(POLL_MS, signal);
      } catch (error) {
        if (error instanceof StaleFenceError) throw error;
        if (signal.aborted) return;
        log.error({ program: this.module.name, error: messageOf(error) }, 'a batch could not be applied; trying again');
        await clock.sleep(TROUBLE_MS, signal);
      }
    }
  }
}
