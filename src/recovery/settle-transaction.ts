import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { LeaseWork } from '../leases/lease-work.js';
import type { Clock } from '../lib/clock.js';
import type { Commitment } from '../lib/commitment.js';
import { parkDeadLetters } from '../ledger/dead-letter.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { readSignature } from '../ledger/read-records.js';
import { isOneDocumentsFault } from '../pipeline/apply-received.js';
import { AT_ONCE, type AppliesUpTo } from '../pipeline/confirmations.js';
import type { Ingest } from '../pipeline/ingest.js';
import { commitChange, type LedgerChange } from '../pipeline/projection-store.js';
import { deferEntering, planRelanding, planRollback } from './plan-relanding.js';

/** What the steps that correct the ledger need. */
export interface RecoveryDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  /** Spreads what is asked for again; in [0, 1). */
  readonly random?: () => number;
  readonly ingest: Ingest;
  /** What landed in a newer slot waits as `received`; unset: nothing waits. */
  readonly appliesUpTo?: AppliesUpTo;
}

/** What a correction changed, for those who were told of the old version. */
export interface Correction {
  readonly orphaned: readonly LedgerRecord[];
  readonly entered: readonly LedgerRecord[];
}

/**
 * corrected: ledger and documents say what the chain shows in `slot`. unavailable: the chain would not say. incomplete: no
 * node that was asked keeps all of it (its logs), so it says nothing against what is held. outdated: what
 * it said is not final, and contradicts what the ledger holds as final; ask at finalized. Only the first changes anything.
 */
export type RelandOutcome =
  | { readonly kind: 'corrected'; readonly slot: number; readonly correction: Correction }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'outdated' };

/**
 * Makes the ledger and the documents say what the chain says of one transaction. Safe to repeat, and to interrupt at any
 * point: it plans from the ledger as it is, so that a fork that comes while another is dealt with changes nothing but
 * what the chain says next.
 */
export async function relandTransaction(
  dependencies: RecoveryDependencies,
  work: LeaseWork,
  module: DomainModule,
  signature: string,
  commitment: Commitment,
): Promise<RelandOutcome> {
  const landed = await dependencies.ingest.landed(signature, commitment);
  if (landed.kind === 'unavailable') return { kind: 'unavailable' };
  const { slot } = landed;
  const { appliesUpTo = AT_ONCE } = dependencies;
  const reason = `the chain shows it in slot ${slot} otherwise`;
  return work.exclusive(async (): Promise<RelandOutcome> => {
    const held = await readSignature(dependencies.db, module.name, signature);
    // What was fetched before a fork may arrive after what came of it was found final.
    const isFinal = ({ commitment, state }: LedgerRecord) => commitment === 'finalized' && state !== 'orphaned';
    if (commitment === 'confirmed' && held.some((record) => isFinal(record) && record.slot !== slot)) {
      return { kind: 'outdated' };
    }
    // Where it stands all the same, what cannot be seen of it is no reason to take out what is held of it (I5).
    const isHeldThere = held.some((record) => record.slot === slot && record.state !== 'orphaned');
    if (!landed.isWhole && isHeldThere) return { kind: 'incomplete' };
    await parkDeadLetters(dependencies.db, landed.letters);
    const planned = planRelanding(module, signature, held, landed.records, reason);
    const change = slot > appliesUpTo() ? deferEntering(planned) : planned;
    return { kind: 'corrected', slot, correction: await correct(dependencies, work, module, held, change) };
  });
}

/**
 * Takes the version of a transaction that is proven to be dropped from its slot out of the documents. Its events stay,
 * marked as orphaned. A version that meanwhile landed in another slot is not touched: the proof says nothing of it.
 */
export async function rollbackTransaction(
  dependencies: RecoveryDependencies,
  work: LeaseWork,
  module: DomainModule,
  dropped: { readonly signature: string; readonly slot: number },
  reason: string,
): Promise<Correction> {
  const { signature, slot } = dropped;
  return work.exclusive(async () => {
    const held = await readSignature(dependencies.db, module.name, signature);
    const proven = held.filter((record) => record.slot === slot);
    return correct(dependencies, work, module, proven, planRollback(module, signature, proven, reason));
  });
}

async function correct(
  { db, clock }: RecoveryDependencies,
  work: LeaseWork,
  module: DomainModule,
  held: readonly LedgerRecord[],
  planned: LedgerChange,
): Promise<Correction> {
  const commit = (planned: LedgerChange) => commitChange(db, work.lease, module, planned, new Date(clock.now()));
  let change = planned;
  try {
    await commit(change);
  } catch (error) {
    if (change.enter.length === 0 || !isOneDocumentsFault(error)) throw error;
    change = deferEntering(change);
    await commit(change);
  }
  const dropped = new Set(change.orphan.ids);
  return {
    orphaned: [...held.filter((record) => dropped.has(record._id)), ...change.replace.map(({ old }) => old)],
    entered: change.enter.map(({ record }) => record),
  };
}
