import type { Metrics } from '../telemetry/metrics.js';
import type { ManagedTransaction } from './managed-transaction.js';
import { isAnswered } from './transaction-machine.js';
import { OPEN_STATES } from './transaction-store.js';

/** What was done for a request between two of its versions. */
export function workBetween(before: ManagedTransaction, after: ManagedTransaction) {
  const sends = ({ attempts }: ManagedTransaction) => attempts.reduce((sum, attempt) => sum + attempt.sends, 0);
  const expired = ({ attempts }: ManagedTransaction) => attempts.filter(({ expiredAt }) => expiredAt !== null).length;
  const more = (count: (transaction: ManagedTransaction) => number) => Math.max(0, count(after) - count(before));
  return { attempts: more(({ attempts }) => attempts.length), sends: more(sends), expired: more(expired) };
}

/** Tells the metrics what the desk of a signer does. */
export class DeskMeter {
  #written = { items: 0, shared: 0 };

  constructor(
    private readonly metrics: Metrics,
    private readonly signer: string,
  ) {
    metrics.signerLeaseHeld.set({ signer }, 1);
  }

  /** A request was written. `nowMs`: by the wall clock. */
  note(before: ManagedTransaction, after: ManagedTransaction, nowMs: number): void {
    const { metrics } = this;
    const { command } = after;
    const { attempts, sends, expired } = workBetween(before, after);
    metrics.transactionAttemptsTotal.inc({ command }, attempts);
    metrics.transactionSendsTotal.inc({ command }, sends);
    metrics.transactionsExpiredTotal.inc({ command }, expired);
    // Final after confirmed is the same answer once more.
    if (!isAnswered(after.state) || isAnswered(before.state)) return;
    metrics.transactionsTotal.inc({ command, outcome: after.state === 'finalized' ? 'confirmed' : after.state });
    // How long a person looked at it before is not the chain's doing.
    const since = (after.prepared && after.attempts[0]?.signedAt) ?? after.createdAt;
    metrics.transactionSeconds.observe({ command }, (nowMs - since.getTime()) / 1_000);
  }

  /** What is open now, how much waited in vain for its end, and what was written since the desk began. */
  measure(
    open: Iterable<ManagedTransaction>,
    unresolved: number,
    written: { readonly items: number; readonly shared: number },
  ): void {
    const { metrics, signer } = this;
    const counts = new Map<string, number>(OPEN_STATES.map((state) => [state, 0]));
    for (const { state } of open) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const [state, count] of counts) metrics.transactionsOpen.set({ signer, state }, count);
    metrics.transactionsUnresolved.set({ signer }, unresolved);
    const shared = written.shared - this.#written.shared;
    metrics.signerChangesTotal.inc({ signer, shared: 'yes' }, shared);
    metrics.signerChangesTotal.inc({ signer, shared: 'no' }, written.items - this.#written.items - shared);
    this.#written = written;
  }

  /** Whoever takes over tells it from now on. */
  end(): void {
    const { metrics, signer } = this;
    metrics.signerLeaseHeld.set({ signer }, 0);
    for (const state of OPEN_STATES) metrics.transactionsOpen.set({ signer, state }, 0);
    metrics.transactionsUnresolved.set({ signer }, 0);
    metrics.transactionsOdd.set({ signer }, 0);
  }
}
