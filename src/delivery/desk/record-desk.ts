import type { mongo } from 'mongoose';
import { StaleFenceError } from '../../leases/lease.js';
import { commitUnderLease } from '../../leases/lease-transaction.js';
import type { LeaseWork } from '../../leases/lease-work.js';
import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import { Nap } from '../../lib/nap.js';
import { takeTurns } from '../../lib/take-turns.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { eventRecords } from '../records/record-store.js';
import type { DeliveryTiming } from './delivery-timing.js';
import { distributeRecords, type DistributeDeps } from './distribute-records.js';

/** What a desk works with. */
export interface RecordDeskDeps extends Pick<DistributeDeps, 'db' | 'reach'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timing: Pick<DeliveryTiming, 'pollMs' | 'troubleMs'>;
  /** Tells the desks that have something to do, wherever they are. A hint that saves time. */
  readonly wake: (desks: ReadonlySet<number>) => void;
}

/** Records read at once: their payloads are held meanwhile. */
const AT_ONCE = 100;

/** Distributes the records of one desk when they are due, never before, as long as its lease is held here. */
export class RecordDesk {
  readonly #nap: Nap;

  constructor(
    private readonly deps: RecordDeskDeps,
    private readonly desk: number,
    private readonly work: LeaseWork,
    private readonly lost: AbortSignal,
  ) {
    this.#nap = new Nap(deps.clock);
  }

  /** Looks at once. */
  wake(): void {
    this.#nap.cutShort();
  }

  /** Works until the lease is lost or given up. @throws StaleFenceError when somebody else has it. */
  async run(): Promise<void> {
    const { log, timing } = this.deps;
    await takeTurns(
      this.#nap,
      this.lost,
      () => this.#pass(),
      (error) => {
        if (error instanceof StaleFenceError) throw error;
        log.warn({ desk: this.desk, error: messageOf(error) }, 'events cannot be distributed now; it goes on');
        return timing.troubleMs;
      },
    );
  }

  /** Returns for how long there is nothing to do, in milliseconds. */
  async #pass(): Promise<number> {
    const { db, clock, metrics, timing, wake, reach } = this.deps;
    const found = await eventRecords(db)
      .find({ desk: this.desk, state: 'due' })
      .sort({ deliverAt: 1 })
      .limit(AT_ONCE)
      .toArray();
    const nowMs = clock.now();
    const due = found.filter(({ deliverAt }) => deliverAt.getTime() <= nowMs);
    const next = found[due.length];
    if (due.length > 0) {
      const commit = <T>(body: (session: mongo.ClientSession) => Promise<T>) => commitUnderLease(db, this.work, body);
      const { records, desks } = await distributeRecords({ db, clock, reach, commit }, due);
      metrics.eventsDistributedTotal.inc({}, records);
      if (desks.size > 0) wake(desks);
      return 0;
    }
    return next ? Math.max(1, Math.min(timing.pollMs, next.deliverAt.getTime() - nowMs)) : timing.pollMs;
  }
}
