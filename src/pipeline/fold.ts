import type { FieldValue } from '../domain-kit/field.js';
import type { CloseWrite, StateWrite } from '../domain-kit/writes.js';

/** One write to one state document, at its place in the order of all writes to it. */
export interface Step {
  /** Order key (src/ledger/order-key.ts). */
  readonly at: string;
  /** Id of the record it comes from: decides between equal order keys, so that every fold ends the same (I3). */
  readonly id: string;
  readonly write: StateWrite | CloseWrite;
}

/** What a row of steps makes of a document. */
export interface DocumentChange {
  /** Order key of the last step. */
  readonly at: string;
  /** True: owned fields that are not in `set` go away. False: they stay as they are. */
  readonly reset: boolean;
  /** True: after the last step the account does not exist. */
  readonly closed: boolean;
  readonly set: Readonly<Record<string, FieldValue>>;
}

/** Sorts steps into the chain's order. */
export function inOrder(steps: readonly Step[]): Step[] {
  return [...steps].sort((a, b) => compare(a.at, b.at) || compare(a.id, b.id));
}

/**
 * Folds steps, in order, onto whatever the document holds (`from: 'document'`) or onto nothing (`from: 'nothing'`, the
 * fold that defines what the document must be, I6). Null when there is nothing left: no such document.
 */
export function foldSteps(steps: readonly Step[], from: 'document' | 'nothing'): DocumentChange | null {
  const ordered = inOrder(steps);
  const last = ordered.at(-1);
  if (!last) return null;
  let reset = from === 'nothing';
  let set: Record<string, FieldValue> = {};
  for (const { write } of ordered) {
    if (write.kind === 'close') {
      reset = true;
      set = {};
    } else {
      set = { ...set, ...write.patch };
    }
  }
  return { at: last.at, reset, closed: last.write.kind === 'close', set };
}

/**
 * May these steps be put on top of a document that stands at `standsAt`? Only if each is newer: an older one has to be
 * folded in at its place (I6). An equal key is not newer: which of the two wins is for the whole fold to say.
 */
export function areAllNewer(steps: readonly Step[], standsAt: string): boolean {
  return steps.every((step) => step.at > standsAt);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
