import { valueKey } from './compare.js';
import { NotCoveredError } from './errors.js';
import { compileFilter, type Filter } from './filter.js';
import { candidatesAt, partsOf, valuesAt } from './paths.js';
import type { Entry } from './table.js';
import type { Doc } from './values.js';

/** What createIndex was asked for. */
export interface IndexSpec {
  readonly name: string;
  readonly keys: readonly (readonly [string, 1 | -1])[];
  readonly unique: boolean;
  /** Of documents only that have one of the fields at all. */
  readonly sparse: boolean;
  readonly partial: Doc | null;
}

/**
 * An index finds entries that have, or may have had for somebody's snapshot, a value: whoever asks looks at the document
 * they see. Kept by the first field, or by all of them where it is unique.
 */
export class TableIndex {
  readonly #entries = new Map<string, Set<Entry>>();
  readonly #partial: Filter | null;
  /** Documents a partial index is of: those whose field has this value. Null where it is of others. */
  readonly partialEquality: readonly [string, unknown] | null;
  readonly #paths: readonly string[];
  readonly #fields: readonly string[];

  constructor(readonly spec: IndexSpec) {
    if (Object.keys(spec.partial ?? {}).some((name) => name.startsWith('$'))) {
      throw new NotCoveredError('a partial index of such a filter');
    }
    this.#partial = spec.partial && compileFilter(spec.partial);
    const [equality, ...more] = Object.entries(spec.partial ?? {});
    this.partialEquality = equality && more.length === 0 && typeof equality[1] !== 'object' ? equality : null;
    this.#paths = spec.keys.map(([path]) => path);
    this.#fields = [...this.#paths, ...Object.keys(spec.partial ?? {})].map((path) => partsOf(path)[0] as string);
  }

  /** The path whose equality this index answers; null for one that only serves otherwise. */
  get path(): string | null {
    return this.#partial === null && !this.spec.sparse && this.#paths.length === 1 ? (this.#paths[0] as string) : null;
  }

  /** The keys of a document, none where the index does not hold it. */
  keysOf(document: Doc): readonly string[] {
    if (this.#partial && !this.#partial.matches(document)) return [];
    if (!this.spec.unique && this.#partial) return [''];
    if (this.spec.sparse && !this.#paths.some((path) => valuesAt(document, path).some((one) => one !== undefined))) {
      return [];
    }
    let keys = [''];
    for (const path of this.#paths) {
      const parts = [...new Set(indexedAt(document, path).map(valueKey))];
      keys = this.#paths.length === 1 ? parts : keys.flatMap((key) => parts.map((part) => JSON.stringify([key, part])));
    }
    return keys;
  }

  at(key: string): ReadonlySet<Entry> | undefined {
    return this.#entries.get(key);
  }

  add(entry: Entry, document: Doc): void {
    for (const key of this.keysOf(document)) {
      let found = this.#entries.get(key);
      if (!found) this.#entries.set(key, (found = new Set()));
      found.add(entry);
    }
  }

  /** Forgets a document of an entry, but for what the documents that it keeps have as well. */
  remove(entry: Entry, document: Doc, kept: readonly Doc[]): void {
    const newest = kept.at(-1);
    if (newest && this.isAlike(document, newest)) return;
    const stay = new Set(kept.flatMap((one) => this.keysOf(one)));
    for (const key of this.keysOf(document)) {
      if (stay.has(key)) continue;
      const found = this.#entries.get(key);
      found?.delete(entry);
      if (found?.size === 0) this.#entries.delete(key);
    }
  }

  /** True where nothing this index looks at is different. Versions share what did not change, so a glance is enough. */
  isAlike(one: Doc, other: Doc): boolean {
    return this.#fields.every((name) => one[name] === other[name]);
  }
}

/** Members of a list each have an entry; an empty one has that of no value. */
function indexedAt(document: Doc, path: string): readonly unknown[] {
  const values = valuesAt(document, path);
  return values.some(Array.isArray) ? candidatesAt(document, path) : values;
}
