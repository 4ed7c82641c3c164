import type { DomainModule } from '../domain-kit/domain-module.js';
import { isSameVersion, type LedgerRecord } from '../ledger/ledger-record.js';
import type { HandledWrites } from '../pipeline/project.js';
import type { RecordRenewal } from '../ledger/mark-records.js';
import { NO_CHANGE, type LedgerChange } from '../pipeline/projection-store.js';
import { runHandler, touchesOf } from '../pipeline/run-handler.js';

/**
 * The change that makes the ledger's version of a transaction the one that landed (TRAPS 15): events that say the same
 * stay, changed ones are replaced (the old version is archived), those that did not land are orphaned, new ones come
 * in. With `landed` empty it is the change for one that failed where it landed.
 */
export function planRelanding(
  module: DomainModule,
  signature: string,
  held: readonly LedgerRecord[],
  landed: readonly LedgerRecord[],
  reason: string,
): LedgerChange {
  const landedById = new Map(landed.map((record) => [record._id, record]));
  const heldIds = new Set(held.map((record) => record._id));
  const withdraw: LedgerRecord[] = [];
  const orphan: string[] = [];
  const replace: { old: LedgerRecord; landed: LedgerRecord }[] = [];
  const insert: LedgerRecord[] = [];
  const enter: HandledWrites[] = [];
  const renew: RecordRenewal[] = [];

  for (const old of held) {
    const version = landedById.get(old._id);
    if (version && isSameVersion(version, old) && old.state !== 'orphaned') {
      const seenAs = version.seenAs === 'finalized' ? 'finalized' : old.seenAs;
      if (version.of !== old.of || seenAs !== old.seenAs) renew.push({ id: old._id, of: version.of, seenAs });
      continue;
    }
    if (old.state === 'applied') withdraw.push(old);
    if (!version) {
      if (old.state !== 'orphaned') orphan.push(old._id);
      continue;
    }
    const entering = enterFold(module, version);
    replace.push({ old, landed: entering.record });
    if (entering.writes) enter.push({ record: entering.record, writes: entering.writes });
  }
  for (const version of landed) {
    if (heldIds.has(version._id)) continue;
    const entering = enterFold(module, version);
    insert.push(entering.record);
    if (entering.writes) enter.push({ record: entering.record, writes: entering.writes });
  }
  return {
    ...NO_CHANGE,
    withdraw,
    orphan: { ids: orphan, reason },
    replace,
    insert,
    enter,
    renew,
    settledSignature: signature,
  };
}

/**
 * The change that takes the version of a transaction out that is proven to be dropped. It ends no dispute: that is about
 * another version, of which the proof says nothing.
 */
export function planRollback(
  module: DomainModule,
  signature: string,
  dropped: readonly LedgerRecord[],
  reason: string,
): LedgerChange {
  return { ...planRelanding(module, signature, dropped, [], reason), settledSignature: null };
}

/** A version whose handler throws stays `received`: it is tried and counted like any other failing event. */
function enterFold(
  module: DomainModule,
  version: LedgerRecord,
): { readonly record: LedgerRecord; readonly writes: HandledWrites['writes'] | null } {
  const outcome = runHandler(module, version);
  if (!outcome.ok) return { record: { ...version, state: 'received' }, writes: null };
  return {
    record: { ...version, state: 'applied', appliedAt: version.seenAt, touches: touchesOf(outcome.writes) },
    writes: outcome.writes,
  };
}

/**
 * The same change with what enters the fold left as `received`, while the old version is gone all the same: for when a
 * document refuses it (a unique index of people's own), so that it is tried and counted alone like any other event, and
 * for what has not had its confirmations yet.
 */
export function deferEntering(change: LedgerChange): LedgerChange {
  const wait = (record: LedgerRecord): LedgerRecord => ({ ...record, state: 'received', appliedAt: null });
  return {
    ...change,
    replace: change.replace.map(({ old, landed }) => ({ old, landed: wait(landed) })),
    insert: change.insert.map(wait),
    enter: [],
  };
}
