import { inspect } from 'node:util';
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
    const fields = difference.fields.map(({ field, actual, expected }) => ({
      field,
      before: shown(actual ?? null),
      after: shown(expected ?? null),
    }));
    this.name({ collection: model.collection, key, kind: difference.kind, fields });
  }

  /** Counts a document that is wrong, and names it while there is room. */
  name(difference: RunDifference): void {
    this.add(COUNTED_AS[difference.kind], 1);
    const named = { ...difference, key: String(shown(difference.key)) };
    if (this.differences.length < DIFFERENCES_KEPT) this.differences.push(named);
    else this.omitted += 1;
  }
}

/** Longest text that is kept of a value: a run is one document. */
const SHOWN_CHARACTERS = 500;

/** A value as a run can keep it: somebody may have written anything into a field. */
function shown(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value;
  if (typeof value !== 'object' || value === null) return value;
  return inspect(value, {
    depth: 1,
    maxArrayLength: 5,
    maxStringLength: SHOWN_CHARACTERS,
    breakLength: Infinity,
  }).slice(0, SHOWN_CHARACTERS);
}
