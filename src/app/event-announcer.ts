import { EventEmitter } from 'node:events';
import { groupByTransaction } from '../ledger/held-transaction.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { FailedRecord } from '../pipeline/apply-received.js';
import type { MassSuspicion } from '../recovery/finality-checker.js';
import type { Correction } from '../recovery/settle-transaction.js';
import { logEvent } from '../telemetry/event-log.js';
import type { Logger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';

/** An event as listeners get it: after its documents were committed. */
export interface AnnouncedEvent {
  readonly id: string;
  readonly program: string;
  readonly name: string;
  readonly signature: string;
  readonly slot: number;
  readonly data: unknown;
}

/** A transaction whose fate is known. */
export interface AnnouncedTransaction {
  readonly program: string;
  readonly signature: string;
  readonly slot: number;
  readonly events: readonly AnnouncedEvent[];
}

/**
 * Tells listeners, the log and the metrics what was committed. Each event goes out under its own name and as `event`;
 * then `transaction-finalized`, `transaction-orphaned`, `event-dead`, `mass-suspicion` and `mass-suspicion-over`. In
 * this process only and not repeated after a crash: whoever must hear of everything reads the ledger.
 */
export class EventAnnouncer extends EventEmitter {
  readonly #errorsInARow = new Map<string, number>();

  constructor(
    readonly log: Logger,
    readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** Attempts of this program's handlers that failed since the last one that did not; null before any was made here. */
  errorsInARow(program: string): number | null {
    return this.#errorsInARow.get(program) ?? null;
  }

  applied(program: string, records: readonly LedgerRecord[]): void {
    const now = this.clock.now();
    if (records.length > 0) this.#errorsInARow.set(program, 0);
    for (const record of records) {
      this.metrics.eventsTotal.inc({ program, event: record.name, outcome: 'applied' });
      this.metrics.eventLatencySeconds.observe({ program }, Math.max(0, now - record.seenAt.getTime()) / 1000);
      if (record.kind !== 'event') continue;
      this.metrics.lastSlot.set({ program }, record.slot);
      const event = announced(record);
      logEvent(this.log, event);
      this.#tell(record.name, event);
      this.#tell('event', event);
    }
  }

  failed(program: string, failed: readonly FailedRecord[]): void {
    this.#errorsInARow.set(program, (this.errorsInARow(program) ?? 0) + failed.length);
    for (const { record, error, dead } of failed) {
      const fields = { program, event: record.name, id: record._id, attempts: record.attempts + 1, error };
      if (!dead) {
        this.log.warn(fields, 'a handler failed; it will be tried again');
        continue;
      }
      this.metrics.eventsTotal.inc({ program, event: record.name, outcome: 'dead' });
      this.log.error(fields, 'a handler failed for good; the event is kept as dead');
      this.#tell('event-dead', { ...announced(record), error });
    }
  }

  finalized(program: string, records: readonly LedgerRecord[]): void {
    for (const record of records) this.metrics.eventsTotal.inc({ program, event: record.name, outcome: 'finalized' });
    for (const transaction of byTransaction(program, records)) {
      this.log.debug({ program, signature: transaction.signature, slot: transaction.slot }, 'transaction finalized');
      this.#tell('transaction-finalized', transaction);
    }
  }

  corrected(program: string, correction: Correction): void {
    for (const record of correction.orphaned) {
      this.metrics.eventsTotal.inc({ program, event: record.name, outcome: 'orphaned' });
    }
    if (correction.orphaned.length > 0) this.metrics.rollbacksTotal.inc({ program });
    for (const transaction of byTransaction(program, correction.orphaned))
      this.#tell('transaction-orphaned', transaction);
    this.applied(program, correction.entered);
  }

  /** Null: it is over. */
  massSuspicion(program: string, suspicion: MassSuspicion | null): void {
    this.#tell(suspicion ? 'mass-suspicion' : 'mass-suspicion-over', { program, ...suspicion });
  }

  /** A listener that throws is its owner's trouble, never the stream's. */
  #tell(name: string, payload: unknown): void {
    // EventEmitter treats `error` as fatal when nobody listens; an IDL may well have an event of that name.
    if (this.listenerCount(name) === 0) return;
    try {
      this.emit(name, payload);
    } catch (error) {
      this.log.error({ listener: name, error: messageOf(error) }, 'a listener threw');
    }
  }
}

function announced({ _id, program, name, signature, slot, data }: LedgerRecord): AnnouncedEvent {
  return { id: _id, program, name, signature, slot, data };
}

function byTransaction(program: string, records: readonly LedgerRecord[]): AnnouncedTransaction[] {
  return groupByTransaction(records.filter(({ kind }) => kind === 'event')).map(
    ({ signature, slot, records: events }) => ({
      ...{ program, signature, slot },
      events: events.map(announced),
    }),
  );
}
