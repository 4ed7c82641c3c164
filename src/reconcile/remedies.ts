import type { Judged } from './judge-doubts.js';

/**
 * observe: the account becomes a record of the ledger, for the ledger does not lead to it. refold: the document is folded
 * anew from the ledger. rewrite: a fact is written anew from its event. resettle: a result across documents is computed
 * anew. mark: the document is marked as orphaned; only cleanup removes it.
 */
export type Remedy = 'observe' | 'refold' | 'rewrite' | 'resettle' | 'mark';

/** What puts a judged document right: through the ledger and its projection, never past them. */
export function remediesFor({ model, reading, difference, ledgerAgrees }: Judged): readonly Remedy[] {
  if (difference === null) return [];
  if (difference.kind === 'orphaned') return ['mark'];
  if (model.kind === 'fact') return ['rewrite'];
  // The document is right, and the ledger has to be told why: by the account, or by its absence.
  if (difference.kind === 'unrecorded') return reading === null ? [] : ['observe'];
  const { witnesses } = difference;
  const isObserved = reading !== null && !ledgerAgrees;
  // An observation sets every field that accounts decide; the others are the ledger's to say.
  const isRefolded = isObserved
    ? witnesses.includes('ledger')
    : difference.kind === 'missing' || witnesses.includes('chain') || witnesses.includes('ledger');
  return [
    ...(isObserved ? (['observe'] as const) : []),
    ...(isRefolded ? (['refold'] as const) : []),
    ...(witnesses.includes('settle') ? (['resettle'] as const) : []),
  ];
}
