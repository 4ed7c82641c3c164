import type { Judged } from './judge-doubts.js';
import { DIFFERENCES_KEPT, NOTHING_COUNTED, type ReconcileCounts, type RunDifference } from './reconcile-run.js';

const COUNTED_AS = {
  missing: 'missing',
  drift: 'drifted',
  orphaned: 'orphaned',
  unrecorded: 'unrecorded',
} as const;

/** Keeps count of what a pass finds, and by name of the first of them. */
export class PassTally {
  #counts: { -readonly [K in keyof ReconcileCounts]: number } = { ...NOTHING_COUNTED };
  readonly differences: RunDifference[] = [];
  readonly notes: string[] = [];
  omitted = 0;
  /** Accounts, documents and records looked at so far, and how many there are to look at, as far as that is known. */
  looked = 0;
  total: number | null = null;
  /** The oldest slot accounts were read at. */
  slot: number | null = null;

  get counts(): ReconcileCounts {
    return { ...this.#counts };
  }

  add(name: keyof ReconcileCounts, by: number): void {
    this.#counts[name] += by;
  }

  readAt(slot: number): void {
    this.slot = Math.min(this.slot ?? slot, slot);
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  found({ model, key, difference }: Judged): void {
    if (!difference) return;
    this.add(COUNTED_AS[difference.kind], 1);
    if (this.differences.length >= DIFFERENCES_KEPT) {
      this.omitted += 1;
      return;
    }
    const fields = difference.fields.map(({ field, actual, expected }) => ({
      field,
      before: actual ?? null,
      after: expected ?? null,
    }));
    this.differences.push({ collection: model.collection, key, kind: difference.kind, fields });
  }
}
