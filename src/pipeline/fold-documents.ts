import type { DomainModule } from '../domain-kit/domain-module.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { foldSteps, type DocumentChange, type Step } from './fold.js';
import { runHandler, stepOf } from './run-handler.js';

/**
 * What the documents `touches` must be, by the records alone (I6): the fold that live projection has to end at in
 * whatever order the records came. A document without steps is not in the answer. `records` must hold every applied
 * record that touches one of them.
 */
export function foldDocuments(
  module: DomainModule,
  touches: ReadonlySet<string>,
  records: readonly LedgerRecord[],
): Map<string, DocumentChange> {
  const steps = new Map<string, Step[]>();
  for (const record of records) {
    const outcome = runHandler(module, record);
    if (!outcome.ok) continue;
    for (const write of outcome.writes) {
      if (write.kind === 'fact') continue;
      const touch = touchOf(write.model.collection, write.key);
      if (touches.has(touch)) steps.set(touch, [...(steps.get(touch) ?? []), stepOf(record, write)]);
    }
  }
  const folded = new Map<string, DocumentChange>();
  for (const [touch, of] of steps) {
    const change = foldSteps(of, 'nothing');
    if (change) folded.set(touch, change);
  }
  return folded;
}
