import { valueKey } from './compare.js';
import { BlockedError, serverError, writeConflict } from './errors.js';
import type { Filter } from './filter.js';
import { TableIndex, type IndexSpec } from './table-index.js';
import type { ServerTransaction } from './transaction.js';
import type { Doc } from './values.js';

interface Version {
  /** Number of the commit that made it. */
  readonly at: number;
  /** Null where the document was deleted. */
  readonly document: Doc | null;
}

/** One `_id` of a collection, with all that anybody may still see of it. */
export interface Entry {
  readonly key: string;
  /** Position in the natural order. */
  order: number;
  /** Newest last. */
  versions: Version[];
  pending: { readonly by: ServerTransaction; document: Doc | null } | null;
}

/** What a table tells of a write once it is committed. */
export interface CommittedWrite {
  readonly operation: 'insert' | 'update' | 'replace' | 'delete';
  readonly id: unknown;
}

/** Who looks: a transaction with its snapshot, or nobody's: what is committed by now. */
export type View = ServerTransaction | null;

/** What a table needs of the server it belongs to. */
export interface TableHost {
  readonly nextCommit: () => number;
  /** Is there a transaction that may still see what is old? */
  readonly hasSnapshots: () => boolean;
  readonly onCommitted: (table: Table, write: CommittedWrite) => void;
}

/** One collection: documents in versions, as snapshot isolation needs them, and the rules of writing them. */
export class Table {
  readonly #entries = new Map<string, Entry>();
  readonly indexes: TableIndex[] = [];
  readonly #old = new Set<Entry>();
  #lastOrder = 0;

  constructor(
    readonly name: string,
    readonly host: TableHost,
  ) {}

  get size(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.versions.at(-1)?.document) count += 1;
    return count;
  }

  /** What this view sees of an entry. */
  documentOf(entry: Entry, view: View): Doc | null {
    if (view && entry.pending?.by === view) return entry.pending.document;
    if (!view) return entry.versions.at(-1)?.document ?? null;
    for (let at = entry.versions.length - 1; at >= 0; at--) {
      const version = entry.versions[at] as Version;
      if (version.at <= view.snapshot) return version.document;
    }
    return null;
  }

  /** The entries that match, in natural order. */
  find({ matches, equalities }: Filter, view: View): Entry[] {
    const found: Entry[] = [];
    for (const entry of this.#candidates(equalities)) {
      const document = this.documentOf(entry, view);
      if (document && matches(document)) found.push(entry);
    }
    return found;
  }

  #candidates(equalities: Filter['equalities']): Iterable<Entry> {
    let best: { readonly size: number; readonly sets: readonly ReadonlySet<Entry>[] } | null = null;
    const ids = equalities.get('_id');
    if (ids) {
      const keys = ids.length === 1 ? [valueKey(ids[0])] : [...new Set(ids.map(valueKey))];
      const found = keys.map((key) => this.#entries.get(key)).filter((entry) => entry !== undefined);
      return found.length > 1 ? found.sort((one, other) => one.order - other.order) : found;
    }
    for (const index of this.indexes) {
      const keys = lookupKeys(index, equalities);
      if (!keys) continue;
      const sets = keys.map((key) => index.at(key)).filter((set) => set !== undefined);
      const size = sets.reduce((sum, set) => sum + set.size, 0);
      if (!best || size < best.size) best = { size, sets };
    }
    if (!best) return this.#entries.values();
    const [only] = best.sets;
    const entries = best.sets.length === 1 && only ? [...only] : [...new Set(best.sets.flatMap((set) => [...set]))];
    return entries.sort((one, other) => one.order - other.order);
  }

  insert(document: Doc, view: View): void {
    const key = valueKey(document['_id']);
    const entry = this.#entries.get(key) ?? { key, order: 0, versions: [], pending: null };
    // An update leaves the key as it is: whoever sees it is refused at once, also while somebody is changing its document.
    const isGoing = entry.pending?.document === null || !entry.versions.at(-1)?.document;
    const isTaken = this.documentOf(entry, view) !== null;
    if (!isTaken || (isGoing && entry.pending?.by !== view)) this.#assertWritable(entry, view);
    if (isTaken) throw this.#duplicate('_id_', '_id', document['_id']);
    this.#write(entry, document, view, 'insert');
  }

  /** Puts a document in the place of what the view sees, or removes it. */
  change(entry: Entry, document: Doc | null, view: View, operation: 'update' | 'replace' | 'delete'): void {
    this.#assertWritable(entry, view);
    this.#write(entry, document, view, operation);
  }

  #write(entry: Entry, document: Doc | null, view: View, operation: CommittedWrite['operation']): void {
    if (document) this.#assertUnique(entry, document, view);
    if (!this.#entries.has(entry.key)) this.#entries.set(entry.key, entry);
    if (operation === 'insert') this.#moveToEnd(entry);
    if (document) this.#index(entry, document);
    if (!view) {
      this.#addVersion(entry, { at: this.host.nextCommit(), document }, operation);
      return;
    }
    const before = entry.pending?.document ?? null;
    entry.pending = { by: view, document };
    if (before) this.#unindex(entry, before);
    const first = view.written.get(entry);
    // Several writes of one transaction are one change for everybody else.
    if (first) return;
    view.written.set(entry, {
      commit: (written, at) => {
        const { document: final } = written.pending as NonNullable<Entry['pending']>;
        written.pending = null;
        this.#addVersion(written, { at, document: final }, operation);
      },
      abort: (written) => {
        const dropped = written.pending?.document ?? null;
        written.pending = null;
        if (dropped) this.#unindex(written, dropped);
        this.#forgetIfGone(written);
      },
    });
  }

  #addVersion(entry: Entry, version: Version, operation: CommittedWrite['operation']): void {
    const id = (version.document ?? entry.versions.at(-1)?.document)?.['_id'];
    entry.versions.push(version);
    if (this.host.hasSnapshots()) this.#old.add(entry);
    else this.#prune(entry);
    if (id !== undefined) this.host.onCommitted(this, { operation, id });
  }

  /** Forgets what no snapshot can see any more. To be called when there are none. */
  pruneAll(): void {
    for (const entry of this.#old) this.#prune(entry);
    this.#old.clear();
  }

  #prune(entry: Entry): void {
    const { versions } = entry;
    if (versions.length > 1) {
      entry.versions = versions.slice(-1);
      for (const { document } of versions.slice(0, -1)) if (document) this.#unindex(entry, document);
    }
    this.#forgetIfGone(entry);
  }

  #forgetIfGone(entry: Entry): void {
    const [only, ...more] = entry.versions;
    if (!entry.pending && more.length === 0 && !only?.document) this.#entries.delete(entry.key);
  }

  #moveToEnd(entry: Entry): void {
    entry.order = this.#lastOrder += 1;
    this.#entries.delete(entry.key);
    this.#entries.set(entry.key, entry);
  }

  #index(entry: Entry, document: Doc): void {
    const newest = entry.pending?.document ?? entry.versions.at(-1)?.document;
    for (const index of this.indexes) if (!newest || !index.isAlike(newest, document)) index.add(entry, document);
  }

  #unindex(entry: Entry, document: Doc): void {
    const kept = documentsOf(entry);
    for (const index of this.indexes) index.remove(entry, document, kept);
  }

  /** First writer wins: a transaction that would overwrite what it does not see fails, others wait for it to end. */
  #assertWritable({ pending, versions }: Entry, view: View): void {
    if (pending && pending.by !== view) throw view ? writeConflict() : new BlockedError(pending.by.ended);
    if (view && (versions.at(-1)?.at ?? 0) > view.snapshot) throw writeConflict();
  }

  #assertUnique(entry: Entry, document: Doc, view: View): void {
    for (const index of this.indexes) {
      if (!index.spec.unique) continue;
      for (const key of index.keysOf(document)) {
        for (const other of index.at(key) ?? []) {
          if (other !== entry) this.#assertNotTaken(index, key, other, view, document);
        }
      }
    }
  }

  #assertNotTaken(index: TableIndex, key: string, other: Entry, view: View, document: Doc): void {
    const has = (one: Doc | null | undefined): boolean => Boolean(one && index.keysOf(one).includes(key));
    const newest = other.versions.at(-1);
    const { pending } = other;
    if (pending && pending.by !== view && has(pending.document) !== has(newest?.document))
      this.#assertWritable(other, view);
    if (has(this.documentOf(other, view))) {
      // Taken as we see it; but it may have been freed, or taken again, behind our snapshot.
      if (view && pending?.by !== view && (newest?.at ?? 0) > view.snapshot && !has(newest?.document))
        throw writeConflict();
      const [path] = index.spec.keys[0] as readonly [string, 1 | -1];
      throw this.#duplicate(index.spec.name, path, document[path]);
    }
    if (view && pending?.by !== view && has(newest?.document)) throw writeConflict();
  }

  #duplicate(index: string, path: string, value: unknown): Error {
    const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
    return serverError(
      'duplicateKey',
      `E11000 duplicate key error collection: ${this.name} index: ${index} dup key: { ${path}: ${text} }`,
    );
  }

  /** @throws MongoServerError 11000 when what is there is not unique. */
  addIndex(spec: IndexSpec): void {
    const index = new TableIndex(spec);
    const taken = new Set<string>();
    for (const entry of this.#entries.values()) {
      const document = entry.versions.at(-1)?.document;
      if (document && spec.unique) {
        for (const key of index.keysOf(document)) {
          if (taken.has(key)) throw this.#duplicate(spec.name, spec.keys[0]?.[0] ?? '', key);
          taken.add(key);
        }
      }
      for (const one of documentsOf(entry)) index.add(entry, one);
    }
    this.indexes.push(index);
  }
}

function documentsOf({ versions, pending }: Entry): readonly Doc[] {
  const documents = versions.map(({ document }) => document);
  if (pending) documents.push(pending.document);
  return documents.filter((document) => document !== null);
}

/** Keys under which an index has all that can match; null where it does not help. */
function lookupKeys(index: TableIndex, equalities: Filter['equalities']): readonly string[] | null {
  if (index.path !== null) return equalities.get(index.path)?.map(valueKey) ?? null;
  if (!index.partialEquality || index.spec.unique) return null;
  const [path, value] = index.partialEquality;
  const asked = equalities.get(path);
  return asked?.length === 1 && asked[0] === value ? [''] : null;
}
